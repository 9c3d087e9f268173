import { DueNode } from "./agenda.js";
import type { StoredEvent } from "./stored-event.js";

/**
 * One subscription's copy of an event: its place in the ready list and in the agenda at once. While it is ready or
 * delayed it waits for its expiry or its release; while it is locked, for the end of the lock.
 */
export class PullRecord extends DueNode {
  previous: PullRecord | undefined;
  next: PullRecord | undefined;
  state: "ready" | "locked" | "delayed" | "gone" = "ready";
  /** Receives so far. With the sequence number it names one lock. */
  deliveryCount = 0;
  firstReceivedMs: number | undefined;
  lastReceivedMs: number | undefined;

  constructor(
    readonly owner: PullRecordOwner,
    readonly event: StoredEvent,
    readonly sequence: number,
    readonly expiresMs: number,
  ) {
    super();
  }

  override fire(): void {
    this.owner.due(this);
  }
}

export interface PullRecordOwner {
  due(record: PullRecord): void;
}
