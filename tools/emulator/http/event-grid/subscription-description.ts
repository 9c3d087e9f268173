import type { FilterDescription } from "../../../../adapters/memory/broker/notifier/filter.js";
import type { PullOptions } from "../../../../adapters/memory/broker/notifier/pull-options.js";
import type { PushOptions } from "../../../../adapters/memory/broker/notifier/push-options.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/notifier/topic.js";
import { given } from "../administration/fields.js";
import { formatDuration } from "../administration/iso-duration.js";

/** Where dead letters are said to go: here they stay in memory. */
const memory = { deadLetterDestination: { endpointType: "Emulator" } };
const memoryWithIdentity = { deadLetterDestinationWithResourceIdentity: memory };

/** The properties of a queue (pull) subscription, in the form in which they can be put. */
export const describePull = (options: PullOptions): object => ({
  deliveryConfiguration: {
    deliveryMode: "Queue",
    queue: {
      receiveLockDurationInSeconds: (options.receiveLockDurationMs ?? 60_000) / 1_000,
      maxDeliveryCount: options.maxDeliveryCount ?? 10,
      ...given({ eventTimeToLive: duration(options.eventTimeToLiveMs) }),
      ...(options.deadLetter === undefined ? {} : memoryWithIdentity),
    },
  },
  eventDeliverySchema: "CloudEventSchemaV1_0",
  filtersConfiguration: describeFilters(options.filter),
});

/** The same of a push subscription, which a custom topic and a namespace topic describe in different ways. */
export function describePush(options: PushOptions, topic: Required<TopicOptions>): object {
  const { retry = {}, filter, deadLetter } = options;
  const schema = options.schema ?? topic.schema;
  const eventDeliverySchema = schema === "eventGrid" ? "EventGridSchema" : "CloudEventSchemaV1_0";
  if (topic.kind === "custom") {
    return {
      destination: describeDestination(options),
      filter: filter ?? {},
      eventDeliverySchema,
      retryPolicy: given({
        maxDeliveryAttempts: retry.maxAttempts,
        eventTimeToLiveInMinutes: retry.eventTtlMinutes,
      }),
      ...(deadLetter === undefined ? {} : memory),
    };
  }
  const ttlMs = retry.eventTtlMinutes === undefined ? undefined : retry.eventTtlMinutes * 60_000;
  return {
    deliveryConfiguration: {
      deliveryMode: "Push",
      push: {
        ...given({ maxDeliveryCount: retry.maxAttempts, eventTimeToLive: duration(ttlMs) }),
        destination: describeDestination(options),
        ...(deadLetter === undefined ? {} : memoryWithIdentity),
      },
    },
    eventDeliverySchema,
    filtersConfiguration: describeFilters(filter),
  };
}

const duration = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : formatDuration(ms);

const describeFilters = (filter: FilterDescription = {}): object =>
  given({ includedEventTypes: filter.includedEventTypes, filters: filter.advancedFilters });

function describeDestination({ endpoint, batching, headers = {} }: PushOptions): object {
  const mappings = Object.entries(headers).map(([name, value]) => ({
    name,
    type: "Static",
    properties: { value, isSecret: false },
  }));
  return {
    endpointType: "WebHook",
    properties: {
      endpointUrl: endpoint,
      ...given({
        maxEventsPerBatch: batching?.maxEvents,
        preferredBatchSizeInKilobytes: batching?.preferredKb,
      }),
      ...(mappings.length === 0 ? {} : { deliveryAttributeMappings: mappings }),
    },
  };
}
