import type { PartitionEvidence } from "../../src/transport/index.js";
import type { EventDelivery } from "./event-delivery.js";

/** The time for which this reader owns one partition. */
export class Tenure {
  readonly partition: string;
  /** Here, and not settled. */
  readonly open = new Set<EventDelivery>();
  /** The partition belongs to somebody else, or to nobody: nothing of it may be stored any more. */
  ended = false;
  /** What is shown of it when somebody asks for the health of a stream. */
  readonly seen: PartitionSeen = {
    lastSequenceNumber: undefined,
    lastHeardMs: undefined,
    failure: undefined,
  };
  #waiting: { readonly most: number; readonly go: () => void } | undefined;

  constructor(partition: string) {
    this.partition = partition;
  }

  /** Resolves when no more than `most` deliveries are unsettled, or the tenure has ended. */
  room(most: number): Promise<void> {
    if (this.ended || this.open.size <= most) return Promise.resolve();
    return new Promise((go) => {
      this.#waiting = { most, go };
    });
  }

  settled(delivery: EventDelivery): void {
    this.open.delete(delivery);
    this.#look();
  }

  end(): void {
    this.ended = true;
    this.#look();
  }

  #look(): void {
    const waiting = this.#waiting;
    if (waiting === undefined || (!this.ended && this.open.size > waiting.most)) return;
    this.#waiting = undefined;
    waiting.go();
  }
}

type PartitionSeen = {
  -readonly [F in "lastSequenceNumber" | "lastHeardMs" | "failure"]: PartitionEvidence[F];
};
