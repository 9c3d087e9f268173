import type { MessageStore } from "./store.js";

/** What an entity with everything below it (dead letters, subscriptions, session states) occupies and may occupy. */
export interface Quota {
  usedBytes: number;
  maxBytes: number;
  /** Stores whose messages could not be forwarded here for want of room. */
  blocked: Set<MessageStore> | undefined;
}

export const createQuota = (maxBytes: number): Quota => ({ usedBytes: 0, maxBytes, blocked: undefined });
