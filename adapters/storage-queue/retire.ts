import type { DeadLetterRecord, Runtime, SettleAction } from "../../src/transport/index.js";
import type { MessageDelivery } from "./message-delivery.js";

/** When messages are given up that the service itself would hand out for ever, or drop without a word. */
export interface RetirementRules {
  readonly queue: string;
  /** Deliveries after which a message is a dead letter; without it the core's own rules are the only ones. */
  readonly maxDeliveries: number | undefined;
}

/**
 * Seconds that the service keeps a message beyond its time to live, so that whoever receives it can dead-letter it. The
 * service drops what nobody receives until then.
 */
export const expiredKeptSeconds = 7 * 24 * 3_600;

/** Why a message that was just received is a dead letter already: what Service Bus does by itself, done on receipt. */
export function retirementOf(
  delivery: MessageDelivery,
  rules: RetirementRules,
  runtime: Pick<Runtime, "now">,
): DeadLetterRecord | undefined {
  const { deliveryCount, envelope, native } = delivery;
  const { maxDeliveries } = rules;
  if (maxDeliveries !== undefined && deliveryCount > maxDeliveries)
    return recordOf(delivery, rules, runtime, deliveryCount - 1);
  const endMs = native.expiresOn.getTime() - expiredKeptSeconds * 1_000;
  if (envelope.ttlMs === undefined || endMs > runtime.now()) return undefined;
  return {
    ...recordOf(delivery, rules, runtime, deliveryCount - 1),
    reason: "BrokerExpired",
    description: "its time to live had passed when it was received",
  };
}

/** Dead-letters what is abandoned in its last delivery; leaves every other settlement as it is. */
export function lastDelivery(
  delivery: MessageDelivery,
  action: SettleAction,
  rules: RetirementRules,
  runtime: Pick<Runtime, "now">,
): SettleAction {
  const { deliveryCount } = delivery;
  if (action.kind !== "abandon" || deliveryCount < (rules.maxDeliveries ?? Infinity)) return action;
  return { kind: "deadLetter", record: recordOf(delivery, rules, runtime, deliveryCount) };
}

const recordOf = (
  { envelope }: MessageDelivery,
  { queue }: RetirementRules,
  { now }: Pick<Runtime, "now">,
  deliveryCount: number,
): DeadLetterRecord => ({
  reason: "BrokerMaxDelivery",
  description: `it was delivered ${deliveryCount} times, as often as its contract allows, and never settled`,
  attempts: envelope.history.attempts ?? 0,
  deliveryCount,
  consumer: "",
  from: queue,
  at: new Date(now()).toISOString(),
});
