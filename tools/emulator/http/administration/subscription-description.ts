import type { EntityProperties } from "../../../../adapters/memory/broker/administration-door.js";
import type { SubscriptionOptions } from "../../../../adapters/memory/broker/entity-options.js";
import type { EmulatorClock } from "../../clock.js";
import { readAnnotations, writeAnnotations } from "./annotations.js";
import { given, type Fields } from "./fields.js";
import { readForward, writeForward } from "./forward-address.js";
import { formatDuration } from "./iso-duration.js";
import { entityStatuses } from "./queue-description.js";
import { readRule } from "./rule-description.js";
import { countElements, timeElements } from "./runtime-elements.js";
import type { XmlContent } from "./xml.js";

/** Options of a subscription as its description says them. @throws {BrokerError} `com.microsoft:argument-error` */
export function readSubscription(fields: Fields): SubscriptionOptions {
  const rule = fields.element("DefaultRuleDescription");
  return {
    ...given({
      lockDurationMs: fields.duration("LockDuration"),
      requiresSession: fields.boolean("RequiresSession"),
      defaultTimeToLiveMs: fields.duration("DefaultMessageTimeToLive"),
      deadLetteringOnMessageExpiration: fields.boolean("DeadLetteringOnMessageExpiration"),
      deadLetteringOnFilterEvaluationExceptions: fields.boolean("DeadLetteringOnFilterEvaluationExceptions"),
      maxDeliveryCount: fields.count("MaxDeliveryCount"),
      status: fields.oneOf("Status", entityStatuses),
    }),
    ...(rule === undefined ? {} : { rules: [readRule(rule, "$Default")] }),
    forwardTo: readForward(fields.text("ForwardTo")),
    forwardDeadLetteredMessagesTo: readForward(fields.text("ForwardDeadLetteredMessagesTo")),
    annotations: readAnnotations(fields),
  };
}

/** In the order of the service. */
export function writeSubscription(
  subscription: EntityProperties<SubscriptionOptions>,
  clock: EmulatorClock,
  origin: string,
): XmlContent {
  const kept = writeAnnotations(subscription.annotations);
  const counts = countElements(subscription);
  return given({
    LockDuration: formatDuration(subscription.lockDurationMs),
    RequiresSession: String(subscription.requiresSession),
    DefaultMessageTimeToLive: formatDuration(subscription.defaultTimeToLiveMs),
    DeadLetteringOnMessageExpiration: String(subscription.deadLetteringOnMessageExpiration),
    DeadLetteringOnFilterEvaluationExceptions: String(subscription.deadLetteringOnFilterEvaluationExceptions),
    MessageCount: counts.MessageCount,
    MaxDeliveryCount: String(subscription.maxDeliveryCount),
    EnableBatchedOperations: kept.EnableBatchedOperations,
    Status: subscription.status,
    ForwardTo: writeForward(origin, subscription.forwardTo),
    ...timeElements(subscription, clock),
    UserMetadata: kept.UserMetadata,
    CountDetails: counts.CountDetails,
    ForwardDeadLetteredMessagesTo: writeForward(origin, subscription.forwardDeadLetteredMessagesTo),
    AutoDeleteOnIdle: kept.AutoDeleteOnIdle,
    EntityAvailabilityStatus: "Available",
  });
}
