import { copyId } from "../message/copy-id.js";
import type { DeliveryHistory, Envelope } from "../message/envelope.js";
import type { BrokerFacts, Delivery } from "../transport/transport.js";

/**
 * Handler runs that a message has spent before this delivery: those that its copies carry, and one for each earlier
 * delivery of this copy that ended without a word (a crash, a lost lock).
 *
 * @param history what is known of it. Default: what it carries
 */
export function attemptsBefore(delivery: Delivery, history = delivery.envelope.history): number {
  const { attempts = 0, uncounted = 0 } = history;
  return attempts + Math.max(0, delivery.deliveryCount - 1 - uncounted);
}

/** What a retry carries on. */
export interface Spent {
  readonly attempts: number;
  readonly firstFailedAt: string | undefined;
}

/**
 * The history of a message that is put back. `counted` says whether the broker will raise the delivery count for it:
 * then this delivery must not look like an attempt of its own.
 */
export function historyWhenPutBack(delivery: Delivery, spent: Spent, counted: boolean): DeliveryHistory {
  const { deliveryCount, envelope } = delivery;
  const uncounted = counted ? deliveryCount : deliveryCount - 1;
  return {
    ...envelope.history,
    ...(spent.attempts > 0 ? { attempts: spent.attempts } : {}),
    ...(uncounted > 0 ? { uncounted } : {}),
    ...(spent.firstFailedAt !== undefined ? { firstFailedAt: spent.firstFailedAt } : {}),
  };
}

/** Where a retry copy goes, and when. */
export interface CopyPlan {
  readonly spent: Spent;
  readonly nowMs: number;
  readonly delayMs: number;
  /** The subscription that alone shall take the copy; absent on queues. */
  readonly addressedTo: string | undefined;
  /** The time to live that the channel gives to what has none of its own. */
  readonly channelTtlMs?: number | undefined;
}

/**
 * The copy of a message that is tried again later, or nothing if it would expire before.
 *
 * Its broker id is new, so that duplicate detection does not swallow it, and derived from the id of the copy at hand,
 * so that repeating the step repeats the id. It lives as long as the original would have lived, not longer.
 */
export function retryCopy(envelope: Envelope, broker: BrokerFacts, plan: CopyPlan): Envelope | undefined {
  const { spent, nowMs, delayMs, addressedTo } = plan;
  const left = remainingMs(envelope.ttlMs ?? plan.channelTtlMs, broker, nowMs + delayMs);
  if (left !== undefined && left <= 0) return undefined;
  const { uncounted: _gone, ...history } = envelope.history;
  return {
    ...envelope,
    brokerId: copyId(envelope, "retry", addressedTo),
    ...(left !== undefined ? { ttlMs: left } : {}),
    history: {
      ...history,
      ...(spent.attempts > 0 ? { attempts: spent.attempts } : {}),
      ...(spent.firstFailedAt !== undefined ? { firstFailedAt: spent.firstFailedAt } : {}),
      ...(addressedTo !== undefined ? { addressedTo } : {}),
    },
  };
}

function remainingMs(ttlMs: number | undefined, broker: BrokerFacts, atMs: number): number | undefined {
  if (ttlMs === undefined || broker.enqueuedAtMs === undefined) return ttlMs;
  return broker.enqueuedAtMs + ttlMs - atMs;
}
