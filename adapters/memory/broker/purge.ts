import type { Kernel } from "./kernel.js";
import { messageState, place } from "./record.js";
import { outOfRange } from "./refusals.js";
import { removeRecord, type MessageStore } from "./store.js";

export interface BatchDeleteOptions {
  /** At most 500, in the premium tier 4,000. */
  readonly maxCount: number;
  /** Only messages that were enqueued at or before this time. Default: now. */
  readonly beforeEnqueueTimeMs?: number;
}

/** Removes the oldest messages that are neither locked nor scheduled, and returns how many. */
export function batchDelete(kernel: Kernel, store: MessageStore, options: BatchDeleteOptions): number {
  const limit = kernel.tier === "standard" ? 500 : 4_000;
  const { maxCount, beforeEnqueueTimeMs = Infinity } = options;
  if (!(maxCount >= 1 && maxCount <= limit)) {
    throw outOfRange(`maxCount is ${String(maxCount)}; it must be 1 to ${String(limit)}.`);
  }
  return removeUnlocked(kernel, store, maxCount, beforeEnqueueTimeMs - kernel.startMs);
}

/** Removes all messages that are neither locked nor scheduled, and returns how many. */
export function purge(kernel: Kernel, store: MessageStore): number {
  return removeUnlocked(kernel, store, Infinity, Infinity);
}

function removeUnlocked(kernel: Kernel, store: MessageStore, maxCount: number, untilMs: number): number {
  let removed = 0;
  let record = store.ledger.head;
  while (record !== undefined && removed < maxCount) {
    const next = record.ledgerNext;
    const free = record.place !== place.locked && record.state !== messageState.scheduled;
    if (free && record.enqueuedMs <= untilMs) {
      removeRecord(kernel, record);
      removed += 1;
    }
    record = next;
  }
  return removed;
}
