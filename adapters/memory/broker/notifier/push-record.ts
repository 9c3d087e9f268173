import { DueNode } from "./agenda.js";
import type { DeliveryAnswer, DeliveryFailure } from "./delivery-rules.js";
import type { StoredEvent } from "./stored-event.js";

/** One push subscription's copy of an event: its place in the ready list and, while it waits for a retry, in the agenda. */
export class PushRecord extends DueNode {
  previous: PushRecord | undefined;
  next: PushRecord | undefined;
  state: "ready" | "sending" | "waiting" | "gone" = "ready";
  attempts = 0;
  lastAttemptMs: number | undefined;
  lastFailure: DeliveryFailure | undefined;
  lastRequest: PushBatch | undefined;

  constructor(
    readonly owner: PushRecordOwner,
    readonly event: StoredEvent,
    readonly expiresMs: number,
  ) {
    super();
  }

  override fire(): void {
    this.owner.retryDue(this);
  }
}

/** A request that is on its way, or so late that only its success still counts. */
export class PushBatch extends DueNode {
  isLate = false;

  constructor(
    readonly owner: PushRecordOwner,
    readonly id: string,
    readonly records: readonly PushRecord[],
    readonly sentMs: number,
  ) {
    super();
  }

  override fire(): void {
    this.owner.requestDue(this);
  }

  answer(answer: DeliveryAnswer): void {
    this.owner.answered(this, answer);
  }
}

export interface PushRecordOwner {
  retryDue(record: PushRecord): void;
  requestDue(batch: PushBatch): void;
  answered(batch: PushBatch, answer: DeliveryAnswer): void;
}
