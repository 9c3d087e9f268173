import type { EntityProperties } from "../../../../adapters/memory/broker/administration-door.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/entity-options.js";
import type { EmulatorClock } from "../../clock.js";
import { readAnnotations, writeAnnotations } from "./annotations.js";
import { given, type Fields } from "./fields.js";
import { formatDuration } from "./iso-duration.js";
import { entityStatuses } from "./queue-description.js";
import { countElements, timeElements } from "./runtime-elements.js";
import { readSize, writeSize } from "./size-elements.js";
import type { XmlContent } from "./xml.js";

/** Options of a topic as its description says them. @throws {BrokerError} `com.microsoft:argument-error` */
export function readTopic(fields: Fields): TopicOptions {
  return {
    ...given({
      defaultTimeToLiveMs: fields.duration("DefaultMessageTimeToLive"),
      requiresDuplicateDetection: fields.boolean("RequiresDuplicateDetection"),
      duplicateDetectionWindowMs: fields.duration("DuplicateDetectionHistoryTimeWindow"),
      status: fields.oneOf("Status", entityStatuses),
    }),
    ...readSize(fields),
    annotations: readAnnotations(fields),
  };
}

/** In the order of the service. */
export function writeTopic(
  topic: EntityProperties<TopicOptions>,
  clock: EmulatorClock,
  subscriptions: number,
): XmlContent {
  const kept = writeAnnotations(topic.annotations);
  const { MaxSizeInMegabytes, MaxMessageSizeInKilobytes } = writeSize(topic);
  return given({
    DefaultMessageTimeToLive: formatDuration(topic.defaultTimeToLiveMs),
    MaxSizeInMegabytes,
    RequiresDuplicateDetection: String(topic.requiresDuplicateDetection),
    DuplicateDetectionHistoryTimeWindow: formatDuration(topic.duplicateDetectionWindowMs),
    EnableBatchedOperations: kept.EnableBatchedOperations,
    SizeInBytes: String(topic.sizeBytes),
    FilteringMessagesBeforePublishing: "false",
    IsAnonymousAccessible: "false",
    AuthorizationRules: kept.AuthorizationRules,
    Status: topic.status,
    UserMetadata: kept.UserMetadata,
    ...timeElements(topic, clock),
    SupportOrdering: kept.SupportOrdering,
    CountDetails: countElements(topic).CountDetails,
    SubscriptionCount: String(subscriptions),
    AutoDeleteOnIdle: kept.AutoDeleteOnIdle,
    EnablePartitioning: kept.EnablePartitioning,
    EntityAvailabilityStatus: "Available",
    EnableExpress: kept.EnableExpress,
    MaxMessageSizeInKilobytes,
  });
}
