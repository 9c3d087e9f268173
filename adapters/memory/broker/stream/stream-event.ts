import type { BrokerMessage } from "../message.js";

/** An event in a partition's log: what was sent, and what the service stamped on it. */
export class StreamEvent {
  constructor(
    readonly message: BrokerMessage,
    readonly partitionId: string,
    /** Rises by one per event of the partition, from 0. */
    readonly sequenceNumber: number,
    /** The offset as a number; only the log may compare it. */
    readonly position: number,
    /** Milliseconds since 1970, by the service's clock. */
    readonly enqueuedTimeMs: number,
    /** The key that chose the partition, if one did. */
    readonly partitionKey: string | undefined,
  ) {}

  /** Opaque: rises within a partition, by no particular step. */
  get offset(): string {
    return String(this.position);
  }
}
