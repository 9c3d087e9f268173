import type { ListNode } from "./linked-list.js";
import type { Session } from "./session.js";

/** Somebody who waits for the next session of a store. */
export interface SessionRequest extends ListNode<SessionRequest> {
  /** Called once, with a session that nobody holds. */
  readonly accept: (session: Session) => void;
  waiting: boolean;
}
