import { deadLetter } from "./dead-letter.js";
import type { Kernel } from "./kernel.js";
import { readyRecords } from "./lane.js";
import { place, type MessageRecord } from "./record.js";
import { removeRecord } from "./store.js";

/**
 * Ends a message whose time to live has passed: dead-lettered where the entity asks for it, otherwise dropped. In a
 * session one expired message takes the waiting rest of the session with it.
 */
export function expire(kernel: Kernel, record: MessageRecord): void {
  const { session } = record.lane;
  expireOne(kernel, record);
  if (session === undefined) return;
  for (const other of readyRecords(session.lane)) expireOne(kernel, other);
}

/** The time to live of a waiting message ended. Without an active receiver it stays, visible to peek, until one comes. */
export function expireWhileReady(kernel: Kernel, record: MessageRecord): void {
  const waits = record.place === place.fresh || record.place === place.returned;
  if (waits && record.store.receivers.size > 0) expire(kernel, record);
}

function expireOne(kernel: Kernel, record: MessageRecord): void {
  if (!record.store.settings.deadLetterExpired || record.store.deadLetters === undefined) {
    removeRecord(kernel, record);
    return;
  }
  deadLetter(kernel, record, {
    reason: "TTLExpiredException",
    description: "The message expired and was dead lettered.",
  });
}
