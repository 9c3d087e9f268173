import { deadLetterPath } from "./address.js";
import type { QueueOptions, SubscriptionOptions, TopicOptions } from "./entity-options.js";
import type { Quota } from "./quota.js";
import { createStore, type MessageStore, type StoreSettings } from "./store.js";

type Holding = Required<QueueOptions> | Required<SubscriptionOptions>;

/** The store of a queue or subscription, with its dead-letter queue. */
export function createHoldingStore(
  role: "queue" | "subscription",
  path: string,
  options: Holding,
  quota: Quota,
): MessageStore {
  const deadLetters = createStore({
    path: deadLetterPath(path),
    role: "deadLetter",
    settings: deadLetterSettings(options),
    quota,
    deadLetters: undefined,
  });
  return createStore({ path, role, settings: holdingSettings(options, Infinity), quota, deadLetters });
}

export function createTopicStore(path: string, options: Required<TopicOptions>, quota: Quota): MessageStore {
  return createStore({
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
    lockDurationMs: options.lockDurationMs,
    maxDeliveryCount: options.maxDeliveryCount,
    timeToLiveMs: Math.min(options.defaultTimeToLiveMs, topicTimeToLiveMs),
    deadLetterExpired: options.deadLetteringOnMessageExpiration,
    requiresSession: options.requiresSession,
    receivable: isReceivable(options),
    browsable: options.status !== "Disabled" && options.status !== "SendDisabled",
    activates: options.status !== "Disabled",
    forwardTo: options.forwardTo === "" ? undefined : options.forwardTo,
  };
}

/** Dead letters do not expire, are not counted, and are read without sessions. */
function deadLetterSettings(options: Holding): StoreSettings {
  return {
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

function isReceivable({ status }: Holding): boolean {
  return status === "Active" || status === "SendDisabled";
}
