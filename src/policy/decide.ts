import type { ErrorClass } from "../errors.js";
import type { DeadLetterReason } from "../message/envelope.js";
import { withHint, type Backoff } from "./backoff.js";

/** How a consumer recovers from failures; all times in milliseconds. */
export interface RecoveryPolicy {
  /** Handler runs in all. */
  readonly attempts: number;
  /** Runs that may follow a transient failure at once. */
  readonly immediate: number;
  readonly backoff: Backoff;
  /** How long one message may hold back its lane. */
  readonly maxHoldMs: number;
  /** How long a message of a newer version waits for a newer service. */
  readonly versionPatienceMs: number;
}

/** Everything that the decision depends on. */
export interface Failure {
  readonly class: ErrorClass;
  /** The dead-letter reason that fits, should it come to that. */
  readonly reason: DeadLetterReason;
  /** Whether the error is one that the consumer gives up on. */
  readonly givenUp: boolean;
  /** Handler runs that this message has spent, this one included. */
  readonly attempts: number;
  /** Of those, how many followed at once in this delivery. */
  readonly immediateUsed: number;
  /** The delay that a handler or a remote service asked for. */
  readonly hintMs: number | undefined;
  /** Milliseconds since the message first failed, in this copy or an earlier one. */
  readonly failingMs: number;
  /** Milliseconds that this delivery has held its lane for retries. */
  readonly heldMs: number;
  readonly can: RecoveryAbilities;
}

/** What the channel and its transport can do. */
export interface RecoveryAbilities {
  /** Order counts: a copy for later would overtake its successors. */
  readonly ordered: boolean;
  /** A message can be made receivable later: natively, or by a scheduled copy. */
  readonly delay: boolean;
  /** A message can be put back. A stream's cannot: it stays where it is. */
  readonly release: boolean;
}

/** What happens next to a message whose handling failed. */
export type Decision =
  | { readonly kind: "retryNow" }
  /** Receivable again after the delay; `counted` says whether an attempt was spent. */
  | { readonly kind: "retryAfter"; readonly delayMs: number; readonly counted: boolean }
  /** Runs again in this process after the delay, its lock renewed; later messages of its lane wait. */
  | { readonly kind: "holdLane"; readonly delayMs: number; readonly counted: boolean }
  /** Put back at once. Only the head of a lane that was held too long has spent an attempt. */
  | { readonly kind: "release"; readonly counted: boolean }
  | { readonly kind: "deadLetter"; readonly reason: DeadLetterReason }
  | { readonly kind: "discard"; readonly reason: string }
  /** Nothing is settled: somebody else owns the message now. */
  | { readonly kind: "leave" };

/**
 * Decides what happens to a message whose handling failed. Pure: the same failure, policy and draw give the same
 * decision.
 *
 * An outage, a shutdown, a busy claim and a version from the future spend no attempt; a lost lock settles nothing;
 * what can never succeed is dead-lettered at once; everything else is tried `attempts` times.
 */
export function decide(failure: Failure, policy: RecoveryPolicy, draw: () => number): Decision {
  if (failure.givenUp) return { kind: "deadLetter", reason: "Permanent" };
  switch (failure.class) {
    case "cancelled":
      return failure.can.release ? { kind: "release", counted: false } : { kind: "leave" };
    case "lockLost":
      return { kind: "leave" };
    case "poison":
    case "permanent":
      return { kind: "deadLetter", reason: failure.reason };
    case "versionAhead":
      return failure.failingMs < policy.versionPatienceMs
        ? later(failure, policy, draw, false)
        : { kind: "deadLetter", reason: "UnknownVersion" };
    case "dependencyDown":
    case "throttled":
    case "auth":
    case "config":
      return later(failure, policy, draw, false);
    case "transient":
      if (failure.attempts >= policy.attempts) return { kind: "deadLetter", reason: "MaxAttempts" };
      if (failure.immediateUsed < policy.immediate && failure.hintMs === undefined)
        return { kind: "retryNow" };
      return later(failure, policy, draw, true);
    case "ambiguous":
    case "unknown":
      if (failure.attempts >= policy.attempts) return { kind: "deadLetter", reason: "MaxAttempts" };
      return later(failure, policy, draw, true);
  }
}

/**
 * Which retry it would be if the back-off had been kept since the first failure: what spends no attempt is not counted
 * in the message, and must still be asked less and less often.
 */
function retriesWithin(failingMs: number, backoff: Backoff): number {
  let retry = 1;
  for (let sumMs = 0; retry < 64; retry += 1) {
    sumMs += Math.max(
      1,
      backoff(retry, () => 0.5),
    );
    if (!(sumMs <= failingMs)) break;
  }
  return retry;
}

/** Another run after a delay, in the way that keeps the order of the lane. */
function later(failure: Failure, policy: RecoveryPolicy, draw: () => number, counted: boolean): Decision {
  const retry = counted ? Math.max(1, failure.attempts) : retriesWithin(failure.failingMs, policy.backoff);
  const asked = policy.backoff(retry, draw);
  // A back-off of the application may compute nonsense; at once is the delay that loses nothing.
  const delayMs = withHint(Number.isFinite(asked) ? Math.max(0, asked) : 0, failure.hintMs);
  const { ordered, delay, release } = failure.can;
  if (!ordered && delay) return { kind: "retryAfter", delayMs, counted };
  // A stream has nowhere to put a message back to: its partition waits until the attempts are spent.
  if (!release || failure.heldMs + delayMs <= policy.maxHoldMs) return { kind: "holdLane", delayMs, counted };
  // Put back at once it would be here again at once: it is held as long as it may be, then put back.
  if (failure.heldMs === 0 && policy.maxHoldMs > 0)
    return { kind: "holdLane", delayMs: policy.maxHoldMs, counted };
  return { kind: "release", counted };
}
