import type { Attachment } from "./attachment.js";
import { createLane, type Lane } from "./lane.js";
import type { ListNode } from "./linked-list.js";
import type { Timed } from "./kernel.js";
import type { MessageStore } from "./store.js";
import { notArmed, type TimerNode } from "./timer-wheel.js";

/** One session of a store: the lane of its messages, its lock and its state. Its timer is the end of the lock. */
export class Session implements TimerNode<Timed>, ListNode<Session> {
  readonly id: string;
  readonly lane: Lane;
  holder: Attachment | undefined = undefined;
  /** Since the broker's start; meaningful while there is a holder. */
  lockedUntilMs = 0;
  state: Uint8Array | null = null;
  /** Milliseconds since 1970. */
  stateUpdatedMs = 0;
  /** Whether the session is in the store's list of sessions that somebody may accept. */
  offered = false;
  prev: Session | undefined = undefined;
  next: Session | undefined = undefined;
  dueMs = 0;
  timerSlot = notArmed;
  timerPrev: Timed | undefined = undefined;
  timerNext: Timed | undefined = undefined;

  constructor(store: MessageStore, id: string) {
    this.id = id;
    this.lane = createLane(store);
    this.lane.session = this;
  }
}
