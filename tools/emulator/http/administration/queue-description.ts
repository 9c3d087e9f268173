import type { EntityProperties } from "../../../../adapters/memory/broker/administration-door.js";
import type { EntityStatus, QueueOptions } from "../../../../adapters/memory/broker/entity-options.js";
import type { EmulatorClock } from "../../clock.js";
import { readAnnotations, writeAnnotations } from "./annotations.js";
import { given, type Fields } from "./fields.js";
import { readForward, writeForward } from "./forward-address.js";
import { formatDuration } from "./iso-duration.js";
import { countElements, timeElements } from "./runtime-elements.js";
import { readSize, writeSize } from "./size-elements.js";
import type { XmlContent } from "./xml.js";

export const entityStatuses: readonly EntityStatus[] = [
  "Active",
  "Disabled",
  "SendDisabled",
  "ReceiveDisabled",
];

/** Options of a queue as its description says them. @throws {BrokerError} `com.microsoft:argument-error` */
export function readQueue(fields: Fields): QueueOptions {
  return {
    ...given({
      lockDurationMs: fields.duration("LockDuration"),
      requiresDuplicateDetection: fields.boolean("RequiresDuplicateDetection"),
      requiresSession: fields.boolean("RequiresSession"),
      defaultTimeToLiveMs: fields.duration("DefaultMessageTimeToLive"),
      deadLetteringOnMessageExpiration: fields.boolean("DeadLetteringOnMessageExpiration"),
      duplicateDetectionWindowMs: fields.duration("DuplicateDetectionHistoryTimeWindow"),
      maxDeliveryCount: fields.count("MaxDeliveryCount"),
      status: fields.oneOf("Status", entityStatuses),
    }),
    ...readSize(fields),
    forwardTo: readForward(fields.text("ForwardTo")),
    forwardDeadLetteredMessagesTo: readForward(fields.text("ForwardDeadLetteredMessagesTo")),
    annotations: readAnnotations(fields),
  };
}

/** In the order of the service: its own reader skips what comes too late. */
export function writeQueue(
  queue: EntityProperties<QueueOptions>,
  clock: EmulatorClock,
  origin: string,
): XmlContent {
  const kept = writeAnnotations(queue.annotations);
  const counts = countElements(queue);
  const { MaxSizeInMegabytes, MaxMessageSizeInKilobytes } = writeSize(queue);
  return given({
    LockDuration: formatDuration(queue.lockDurationMs),
    MaxSizeInMegabytes,
    RequiresDuplicateDetection: String(queue.requiresDuplicateDetection),
    RequiresSession: String(queue.requiresSession),
    DefaultMessageTimeToLive: formatDuration(queue.defaultTimeToLiveMs),
    DeadLetteringOnMessageExpiration: String(queue.deadLetteringOnMessageExpiration),
    DuplicateDetectionHistoryTimeWindow: formatDuration(queue.duplicateDetectionWindowMs),
    MaxDeliveryCount: String(queue.maxDeliveryCount),
    EnableBatchedOperations: kept.EnableBatchedOperations,
    SizeInBytes: String(queue.sizeBytes),
    MessageCount: counts.MessageCount,
    IsAnonymousAccessible: "false",
    AuthorizationRules: kept.AuthorizationRules,
    Status: queue.status,
    ForwardTo: writeForward(origin, queue.forwardTo),
    UserMetadata: kept.UserMetadata,
    ...timeElements(queue, clock),
    SupportOrdering: kept.SupportOrdering,
    CountDetails: counts.CountDetails,
    AutoDeleteOnIdle: kept.AutoDeleteOnIdle,
    EnablePartitioning: kept.EnablePartitioning,
    EntityAvailabilityStatus: "Available",
    ForwardDeadLetteredMessagesTo: writeForward(origin, queue.forwardDeadLetteredMessagesTo),
    EnableExpress: kept.EnableExpress,
    MaxMessageSizeInKilobytes,
  });
}
