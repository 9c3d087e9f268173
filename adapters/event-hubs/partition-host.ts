import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import type { Deadline, WaybillError } from "../../src/transport/index.js";
import type { PartitionReader } from "./partition-reader.js";
import type { Tenure } from "./tenure.js";

/** What an owned partition stands on. */
export interface OwnedPartitionParts {
  readonly client: EventHubConsumerClient;
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly partition: string;
  /** Names it, for what is told. */
  readonly where: string;
  readonly perLane: number;
  readonly prefetch: number;
  readonly silenceMs: number;
  readonly deadline: Deadline;
  readonly closing: Deadline;
}

/** Who reads it. */
export interface PartitionHost {
  arrived(tenure: Tenure, events: readonly ReceivedEventData[]): void;
  /** The stored checkpoint is of no use any more. */
  startOver(problem: WaybillError): Promise<void>;
  /** Something to be told, while reading goes on. */
  tell(problem: WaybillError): void;
  /** It is not read until it is started again. */
  failed(owned: Reading, error: unknown): void;
}

/** A partition while it is owned, and what reads it. */
export interface Reading {
  readonly tenure: Tenure;
  readonly reader: PartitionReader;
}
