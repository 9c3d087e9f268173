import type { Tier } from "./kernel.js";
import { badArgument, outOfRange } from "./refusals.js";
import type { RuleDescription } from "./rules/rule.js";

/** `Disabled` refuses both directions. Topics cannot be `ReceiveDisabled`, nor subscriptions `SendDisabled`. */
export type EntityStatus = "Active" | "Disabled" | "SendDisabled" | "ReceiveDisabled";

interface CommonOptions {
  /** Milliseconds; the default and the upper bound of every message's own. Default: Infinity, none. */
  readonly defaultTimeToLiveMs?: number;
  /** Default `Active`. */
  readonly status?: EntityStatus;
  /** What else an administrator wrote about the entity. Kept and given back; the broker never looks inside. */
  readonly annotations?: Readonly<Record<string, string>>;
}

interface SendOptions {
  /** Default false. Cannot be changed later. */
  readonly requiresDuplicateDetection?: boolean;
  /** Milliseconds for which message ids are remembered, 20 seconds to 7 days. Default 10 minutes. */
  readonly duplicateDetectionWindowMs?: number;
  /** Everything that the entity holds, dead letters included. Default 1 GiB. */
  readonly maxSizeBytes?: number;
  /** Premium only, at most 100 MiB. Default 1 MiB; in the standard tier 256 KiB, fixed. */
  readonly maxMessageSizeBytes?: number;
}

interface ReceiveOptions {
  /** Milliseconds, at most 5 minutes. Default 1 minute. */
  readonly lockDurationMs?: number;
  /** Deliveries before a message is dead-lettered. At least 1. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Default false: expired messages are dropped. */
  readonly deadLetteringOnMessageExpiration?: boolean;
  /** Default false. Cannot be changed later. */
  readonly requiresSession?: boolean;
  /** A queue or topic that gets every message instead. Default: none, written as an empty string. */
  readonly forwardTo?: string;
  /** A queue or topic that gets the dead letters instead. Default: none, written as an empty string. */
  readonly forwardDeadLetteredMessagesTo?: string;
}

export interface QueueOptions extends CommonOptions, SendOptions, ReceiveOptions {}

export interface TopicOptions extends CommonOptions, SendOptions {}

export interface SubscriptionOptions extends CommonOptions, ReceiveOptions {
  /** Default true: a message whose filter fails to evaluate is dead-lettered; otherwise it is not selected. */
  readonly deadLetteringOnFilterEvaluationExceptions?: boolean;
  /** Default: one rule `$Default` that selects everything. Later changes go through `addRule` and `removeRule`. */
  readonly rules?: readonly RuleDescription[];
}

const minuteMs = 60_000;
const mebibyte = 1024 * 1024;
/** The limit of every message, and of a batch, in the standard tier. */
export const standardMessageBytes = 256 * 1024;
const premiumMessageBytes = mebibyte;

export function queueOptions(tier: Tier, options: QueueOptions): Required<QueueOptions> {
  const complete = { ...commonDefaults, ...sendDefaults(tier), ...receiveDefaults, ...options };
  checkSend(tier, complete);
  checkReceive(complete);
  return complete;
}

export function topicOptions(tier: Tier, options: TopicOptions): Required<TopicOptions> {
  const complete = { ...commonDefaults, ...sendDefaults(tier), ...options };
  checkSend(tier, complete);
  if (complete.status === "ReceiveDisabled") throw badArgument("A topic cannot be ReceiveDisabled.");
  return complete;
}

export function subscriptionOptions(
  options: SubscriptionOptions,
  rules: readonly RuleDescription[],
): Required<SubscriptionOptions> {
  const complete = {
    ...commonDefaults,
    ...receiveDefaults,
    deadLetteringOnFilterEvaluationExceptions: true,
    rules,
    ...options,
  };
  checkReceive(complete);
  if (complete.status === "SendDisabled") throw badArgument("A subscription cannot be SendDisabled.");
  return complete;
}

/** @throws {BrokerError} `com.microsoft:argument-error` if `changes` touch what is fixed at creation. */
export function refuseFixedChanges<T extends object>(
  now: T,
  changes: Partial<T>,
  fixed: readonly (keyof T)[],
): void {
  for (const key of fixed) {
    if (key in changes && changes[key] !== now[key]) throw badArgument(`'${String(key)}' cannot be changed.`);
  }
}

const commonDefaults = { defaultTimeToLiveMs: Infinity, status: "Active", annotations: {} } as const;

const receiveDefaults = {
  lockDurationMs: minuteMs,
  maxDeliveryCount: 10,
  deadLetteringOnMessageExpiration: false,
  requiresSession: false,
  forwardTo: "",
  forwardDeadLetteredMessagesTo: "",
} as const;

const sendDefaults = (tier: Tier): Required<SendOptions> => ({
  requiresDuplicateDetection: false,
  duplicateDetectionWindowMs: 10 * minuteMs,
  maxSizeBytes: 1024 * mebibyte,
  maxMessageSizeBytes: tier === "standard" ? standardMessageBytes : premiumMessageBytes,
});

function checkSend(tier: Tier, options: Required<SendOptions>): void {
  const { duplicateDetectionWindowMs: windowMs, maxMessageSizeBytes } = options;
  if (!(windowMs >= 20_000 && windowMs <= 7 * 24 * 60 * minuteMs)) {
    throw outOfRange(`duplicateDetectionWindowMs is ${String(windowMs)}; it must be 20 seconds to 7 days.`);
  }
  const limit = tier === "standard" ? standardMessageBytes : 100 * mebibyte;
  if (!(maxMessageSizeBytes > 0 && maxMessageSizeBytes <= limit)) {
    throw outOfRange(
      `maxMessageSizeBytes is ${String(maxMessageSizeBytes)}; the ${tier} tier allows ${String(limit)}.`,
    );
  }
}

function checkReceive(options: Required<ReceiveOptions>): void {
  if (!(options.lockDurationMs > 0 && options.lockDurationMs <= 5 * minuteMs)) {
    throw outOfRange(`lockDurationMs is ${String(options.lockDurationMs)}; it must be at most 5 minutes.`);
  }
  if (!(options.maxDeliveryCount >= 1)) {
    throw outOfRange(`maxDeliveryCount is ${String(options.maxDeliveryCount)}; it must be at least 1.`);
  }
  if (options.requiresSession && options.forwardTo !== "") {
    throw badArgument("An entity that requires sessions cannot forward its messages: remove forwardTo.");
  }
}
