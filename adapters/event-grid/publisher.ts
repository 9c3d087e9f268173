import type { EventGridPublisherClient } from "@azure/eventgrid";
import type { EventGridSenderClient } from "@azure/eventgrid-namespaces";
import { toStructuredJson, type Envelope } from "../../src/transport/index.js";
import { spellGridEvent } from "./spell-grid-event.js";
import { sendVerbatim } from "./verbatim.js";

/** A client that publishes to one topic: of a namespace, a custom topic, a domain. */
export type TopicPublisher =
  EventGridSenderClient | EventGridPublisherClient<"CloudEvent"> | EventGridSchemaPublisher;

/** A custom topic or domain that takes the Event Grid schema. */
export interface EventGridSchemaPublisher {
  readonly schema: "EventGrid";
  readonly client: EventGridPublisherClient<"EventGrid">;
  /** The topic within a domain. */
  readonly domainTopic?: string;
}

/** The most events that one request takes, of a namespace and elsewhere [Event Grid quotas and limits]. */
const maxEvents = { namespace: 1_000, basic: 5_000 };

/** How events come to a topic. */
export interface Door {
  readonly maxEvents: number;
  /** @throws {WaybillError} `invalidMessage` */
  spell(envelope: Envelope): Uint8Array;
  publish(events: readonly Uint8Array[], abort: AbortController): Promise<void>;
}

export function doorOf(publisher: TopicPublisher): Door {
  if ("schema" in publisher) {
    const { client, domainTopic } = publisher;
    return {
      maxEvents: maxEvents.basic,
      spell: (envelope) => spellGridEvent(envelope, domainTopic),
      publish: (events, abort) => sendVerbatim(listOf(events), abort, (options) => client.send([], options)),
    };
  }
  if ("sendEvents" in publisher) {
    return {
      maxEvents: maxEvents.namespace,
      spell: toStructuredJson,
      publish: (events, abort) =>
        sendVerbatim(listOf(events), abort, (options) => publisher.sendEvents([], options)),
    };
  }
  return {
    maxEvents: maxEvents.basic,
    spell: toStructuredJson,
    publish: (events, abort) => sendVerbatim(listOf(events), abort, (options) => publisher.send([], options)),
  };
}

/** A JSON array of what is JSON already. */
function listOf(events: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const event of events) parts.push(parts.length === 0 ? open : comma, event);
  return Buffer.concat([...parts, close]);
}

const open = Buffer.from("[");
const comma = Buffer.from(",");
const close = Buffer.from("]");
