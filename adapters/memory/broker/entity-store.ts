import { deadLetterPath } from "./address.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./entity-options.js";
import type { Quota } from "./quota.js";
import { MessageStore, type StoreSettings } from "./store.js";

type Holding = Required<QueueOptions> | Required<SubscriptionOptions>;

/** The store of a queue or subscription, with its dead-letter queue. */
export function createHoldingStore(
  role: "queue" | "subscription",
  path: string,
  options: Holding,
  quota: Quota,
): MessageStore {
  const deadLetters = new MessageStore({
    path: deadLetterPath(path),
    role: "deadLetter",
    settings: deadLetterSettings(options),
    quota,
    deadLetters: undefined,
  });
  return new MessageStore({ path, role, settings: holdingSettings(options, Infinity), quota, deadLetters });
}

export function createTopicStore(path: string, options: Required<TopicOptions>, quota: Quota): MessageStore {
  return new MessageStore({
    path,
    role: "topic",
    settings: topicSettings(options),
    quota,
    deadLetters: undefined,
  });
}

/** Makes changed options take effect. A subscription's messages live no longer than its topic allows. */
export function applyHoldingOptions(store: MessageStore, options: Holding, topicTimeToLiveMs: number): void {
  store.settings = holdingSettings(options, topicTimeToLiveMs);
  if (store.deadLetters !== undefined) store.deadLetters.settings = deadLetterSettings(options);
}

export function topicSettings(options: Required<TopicOptions>): StoreSettings {
  return {
    sendable: isSendable(options),
    maxMessageBytes: options.maxMessageSizeBytes,
    lockDurationMs: 0,
    maxDeliveryCount: Infinity,
    timeToLiveMs: options.defaultTimeToLiveMs,
    deadLetterExpired: false,
    requiresSession: false,
    receivable: false,
    browsable: options.status === "Active",
    activates: options.status !== "Disabled",
    forwardTo: undefined,
  };
}

function holdingSettings(options: Holding, topicTimeToLiveMs: number): StoreSettings {
  return {
    sendable: isSendable(options),
    maxMessageBytes: "maxMessageSizeBytes" in options ? options.maxMessageSizeBytes : 0,
    lockDurationMs: options.lockDurationMs,
    maxDeliveryCount: options.maxDeliveryCount,
    timeToLiveMs: Math.min(options.defaultTimeToLiveMs, topicTimeToLiveMs),
    deadLetterExpired: options.deadLetteringOnMessageExpiration,
    requiresSession: options.requiresSession,
    receivable: isReceivable(options),
    browsable: isSendable(options),
    activates: options.status !== "Disabled",
    forwardTo: options.forwardTo === "" ? undefined : options.forwardTo,
  };
}

/** Dead letters do not expire, are not counted, and are read without sessions. */
function deadLetterSettings(options: Holding): StoreSettings {
  return {
    sendable: false,
    maxMessageBytes: 0,
    lockDurationMs: options.lockDurationMs,
    maxDeliveryCount: Infinity,
    timeToLiveMs: Infinity,
    deadLetterExpired: false,
    requiresSession: false,
    receivable: isReceivable(options),
    browsable: true,
    activates: true,
    forwardTo:
      options.forwardDeadLetteredMessagesTo === "" ? undefined : options.forwardDeadLetteredMessagesTo,
  };
}

function isSendable({ status }: Holding | Required<TopicOptions>): boolean {
  return status !== "Disabled" && status !== "SendDisabled";
}

function isReceivable({ status }: Holding): boolean {
  return status === "Active" || status === "SendDisabled";
}
