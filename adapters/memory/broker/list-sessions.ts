import type { Session } from "./session.js";
import type { MessageStore } from "./store.js";

export interface ListSessionsOptions {
  /** Sessions whose state was set at or after this time. Without it: sessions that have messages. */
  readonly updatedAfterMs?: number;
  /** Default 0. */
  readonly skip?: number;
  /** Default 100. */
  readonly top?: number;
}

/** Session ids, in the order in which the sessions came to be. */
export function listSessions(store: MessageStore, options: ListSessionsOptions): string[] {
  const { updatedAfterMs, skip = 0, top = 100 } = options;
  const wanted = (session: Session): boolean =>
    updatedAfterMs === undefined
      ? session.lane.messageCount > 0
      : session.state !== null && session.stateUpdatedMs >= updatedAfterMs;
  return [...store.sessions.values()]
    .filter(wanted)
    .slice(skip, skip + top)
    .map((session) => session.id);
}
