import type { Attachment } from "./attachment.js";
import { createLane, type Lane } from "./lane.js";
import type { ListNode } from "./linked-list.js";
import type { Timed } from "./kernel.js";
import type { MessageStore } from "./store.js";
import { notArmed, type TimerNode } from "./timer-wheel.js";

/** One session of a store: the lane of its messages, its lock and its state. Its timer is the end of the lock. */
export interface Session extends TimerNode<Timed>, ListNode<Session> {
  readonly kind: "session";
  readonly id: string;
  readonly lane: Lane;
  holder: Attachment | undefined;
  lockedUntilMs: number;
  state: Uint8Array | null;
  stateUpdatedMs: number;
  /** Whether the session is in the store's list of sessions that somebody may accept. */
  offered: boolean;
}

export function createSession(store: MessageStore, id: string): Session {
  const lane = createLane(store);
  const session: Session = {
    kind: "session",
    id,
    lane,
    holder: undefined,
    lockedUntilMs: 0,
    state: null,
    stateUpdatedMs: 0,
    offered: false,
    prev: undefined,
    next: undefined,
    dueMs: 0,
    timerSlot: notArmed,
    timerPrev: undefined,
    timerNext: undefined,
  };
  lane.session = session;
  return session;
}
