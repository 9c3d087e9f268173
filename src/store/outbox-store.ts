import type { OutboxMessage } from "./inbox.js";

/** A stored message, leased to one relay. */
export interface OutboxLease {
  readonly message: OutboxMessage;
  /** Orders the messages of one key. */
  readonly sequence: number;
  readonly key: string | undefined;
  readonly token: number;
}

/** Keeps outgoing messages from the commit of a transaction until a relay has sent them. */
export interface OutboxStore {
  readonly name: string;
  /** Leases up to `max` unsent messages; of one key only the oldest, so that order holds. */
  lease(request: {
    readonly max: number;
    readonly leaseMs: number;
    readonly owner: string;
  }): Promise<readonly OutboxLease[]>;
  /** Marks as sent; `stale` if another relay holds the lease now. */
  markSent(lease: OutboxLease, owner: string): Promise<"ok" | "stale">;
}
