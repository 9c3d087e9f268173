import type { MessageStore } from "./store.js";

/** How many messages of a store are in which state. */
export interface MessageCounts {
  /** Ready and locked ones. */
  readonly active: number;
  readonly deferred: number;
  readonly scheduled: number;
  readonly deadLetter: number;
}

export function countMessages(store: MessageStore): MessageCounts {
  const deferred = store.deferred.size;
  const scheduled = store.scheduled.size;
  return {
    active: store.ledger.count - deferred - scheduled,
    deferred,
    scheduled,
    deadLetter: store.deadLetters?.ledger.count ?? 0,
  };
}
