import { eventGridStatements } from "./event-grid.js";
import { eventHubsStatements } from "./event-hubs.js";
import { serviceBusStatements } from "./service-bus.js";
import { storageQueueStatements } from "./storage-queue.js";

/** What a service does, in one sentence, and how far our broker does the same. */
export interface Statement {
  readonly text: string;
  /** The option of our broker that changes it, with its default. */
  readonly option?: string;
  /** Why the broker does not do it, or not all of it: then it has tests for the rest. */
  readonly leftOut?: string;
}

export interface Section {
  readonly title: string;
  /** By number; a sentence alone is reproduced without an option. */
  readonly statements: Readonly<Record<number, string | Statement>>;
}

export interface Service {
  readonly name: string;
  /** What stands before the number in the title of a test. */
  readonly prefix: string;
  /** Numbers run from 1 to this. */
  readonly count: number;
  readonly sections: readonly Section[];
  /** Numbers that the first broker may go without. */
  readonly dispensable: readonly number[];
}

/** Everything that the in-memory broker is held to. */
export const services: readonly Service[] = [
  {
    name: "Service Bus",
    prefix: "SB",
    count: 120,
    sections: serviceBusStatements,
    dispensable: [36, 37, 106, 107, 108, 109, 110, 113, 114, 117, 118, 119],
  },
  {
    name: "Event Hubs",
    prefix: "EH",
    count: 43,
    sections: eventHubsStatements,
    dispensable: [39, 40, 42, 43],
  },
  { name: "Event Grid", prefix: "EG", count: 53, sections: eventGridStatements, dispensable: [29] },
  {
    name: "Storage Queues",
    prefix: "SQ",
    count: 20,
    sections: storageQueueStatements,
    dispensable: Array.from({ length: 20 }, (_, index) => index + 1),
  },
];
