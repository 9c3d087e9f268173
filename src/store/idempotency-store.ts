/** A claim of the right to run a handler for one key. */
export interface ClaimRequest {
  /** The logical consumer: service, channel, and subscription or group. Never a version or a host. */
  readonly scope: string;
  readonly key: string;
  /** A digest of what came, so that a reused key with another payload is noticed. */
  readonly fingerprint: string;
  /** Random, one per claim: tells two owners with the same token apart. */
  readonly owner: string;
  readonly leaseMs: number;
  /** How long a completed record is kept. At least `leaseMs`. */
  readonly retentionMs: number;
}

/** The answer to a claim. */
export type ClaimResult =
  | {
      readonly kind: "acquired";
      /** Strictly increasing per key, never reused while any record of the key may be remembered. */
      readonly token: number;
      /** How many claims this key has had, this one included. */
      readonly attempt: number;
      /** The previous owner died or was too slow: its effects may have happened. */
      readonly recovered: boolean;
    }
  /** Done before: settle, do not run again. */
  | { readonly kind: "completed"; readonly completedAtMs: number }
  /** Another owner runs it now. */
  | { readonly kind: "busy"; readonly retryAfterMs: number }
  /** The key was used with another payload. */
  | { readonly kind: "conflict"; readonly storedFingerprint: string };

/** What the holder of a claim shows with each later call. */
export interface ClaimHandle {
  readonly scope: string;
  readonly key: string;
  readonly token: number;
  readonly owner: string;
}

/** `stale`: another owner has the key now, nothing was changed. Never thrown. */
export type ClaimChange = "ok" | "stale";

/**
 * Remembers which messages were handled (tier T1: a lease with a fencing token).
 *
 * Each call is one atomic step. Every change compares token and owner, and time is the store's own.
 */
export interface IdempotencyStore {
  readonly name: string;
  claim(request: ClaimRequest): ClaimResult | Promise<ClaimResult>;
  /** Prolongs the lease to `leaseMs` from now. */
  extend(handle: ClaimHandle, leaseMs: number): ClaimChange | Promise<ClaimChange>;
  /** Marks the key as done for `retentionMs`. Repeating it with the same handle is `ok`. */
  complete(handle: ClaimHandle, retentionMs: number): ClaimChange | Promise<ClaimChange>;
  /** Gives the claim back after a failure; the token stays remembered. */
  release(handle: ClaimHandle): ClaimChange | Promise<ClaimChange>;
}
