import type { DeadLetterSink } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { FilterDescription } from "../../../../adapters/memory/broker/notifier/filter.js";
import type { PullOptions } from "../../../../adapters/memory/broker/notifier/pull-options.js";
import type { PushOptions } from "../../../../adapters/memory/broker/notifier/push-options.js";
import { given } from "../administration/fields.js";
import { parseDuration } from "../administration/iso-duration.js";
import { badRequest } from "./answers.js";
import { JsonFields } from "./json-fields.js";

/** What a description of an event subscription asks for. */
export type SubscriptionRequest =
  | { readonly mode: "pull"; readonly options: PullOptions }
  | { readonly mode: "push"; readonly options: PushOptions };

/**
 * Reads an event subscription as Azure Resource Manager describes it, in either of its two forms:
 *
 * - `properties.destination` (WebHook), `filter`, `retryPolicy`, `eventDeliverySchema`, `deadLetterDestination`;
 * - `properties.deliveryConfiguration` with `queue` or `push`, `filtersConfiguration`.
 *
 * A dead-letter destination may say anything: the emulator keeps dead letters itself.
 * @throws {BrokerError} `badRequest` for what cannot be read; the notifier checks bounds and filters
 */
export function readSubscriptionBody(body: unknown, deadLetter: DeadLetterSink): SubscriptionRequest {
  const properties = new JsonFields(body, "body").object("properties");
  if (properties === undefined) throw badRequest("body.properties must be an object.");
  const configuration = properties.object("deliveryConfiguration");
  const filter = readFilter(properties);
  if (configuration === undefined) {
    return { mode: "push", options: { ...readPush(properties, deadLetter), ...filter } };
  }
  const queue = configuration.object("queue");
  const mode =
    configuration.oneOf("deliveryMode", ["Queue", "Push"]) ?? (configuration.has("push") ? "Push" : "Queue");
  if (mode === "Queue") {
    return { mode: "pull", options: { ...readQueue(queue, deadLetter), ...filter } };
  }
  const push =
    configuration.object("push") ?? new JsonFields({}, "body.properties.deliveryConfiguration.push");
  return { mode: "push", options: { ...readNamespacePush(push, deadLetter), ...filter } };
}

function readFilter(properties: JsonFields): { readonly filter?: FilterDescription } {
  const basic = properties.raw("filter") ?? undefined;
  // The notifier looks at every member before it uses it.
  if (basic !== undefined) return { filter: basic };
  const configuration = properties.object("filtersConfiguration");
  if (configuration === undefined) return {};
  const description = given({
    includedEventTypes: configuration.raw("includedEventTypes") ?? undefined,
    advancedFilters: configuration.raw("filters") ?? undefined,
  });
  return { filter: description as FilterDescription };
}

function readQueue(queue: JsonFields | undefined, deadLetter: DeadLetterSink): PullOptions {
  const lockSeconds = queue?.number("receiveLockDurationInSeconds");
  const wantsLetters = queue?.has("deadLetterDestinationWithResourceIdentity") ?? false;
  return given({
    receiveLockDurationMs: lockSeconds === undefined ? undefined : lockSeconds * 1_000,
    maxDeliveryCount: queue?.number("maxDeliveryCount"),
    eventTimeToLiveMs: durationMs(queue?.text("eventTimeToLive"), "eventTimeToLive"),
    deadLetter: wantsLetters ? deadLetter : undefined,
  });
}

function readPush(properties: JsonFields, deadLetter: DeadLetterSink): PushOptions {
  const schema = properties.oneOf("eventDeliverySchema", ["EventGridSchema", "CloudEventSchemaV1_0"]);
  const retry = properties.object("retryPolicy");
  return {
    ...readDestination(properties),
    ...given({
      schema: schema === undefined ? undefined : schemas[schema],
      retry: given({
        maxAttempts: retry?.number("maxDeliveryAttempts"),
        eventTtlMinutes: retry?.number("eventTimeToLiveInMinutes"),
      }),
      deadLetter:
        properties.has("deadLetterDestination") || properties.has("deadLetterWithResourceIdentity")
          ? deadLetter
          : undefined,
    }),
  };
}

const schemas = { EventGridSchema: "eventGrid", CloudEventSchemaV1_0: "cloudEvents" } as const;

function readNamespacePush(push: JsonFields, deadLetter: DeadLetterSink): PushOptions {
  const ttlMs = durationMs(push.text("eventTimeToLive"), "eventTimeToLive");
  return {
    ...readDestination(push),
    retry: given({
      maxAttempts: push.number("maxDeliveryCount"),
      eventTtlMinutes: ttlMs === undefined ? undefined : Math.max(1, Math.round(ttlMs / 60_000)),
    }),
    ...(push.has("deadLetterDestinationWithResourceIdentity") ? { deadLetter } : {}),
  };
}

function readDestination(owner: JsonFields): Pick<PushOptions, "endpoint" | "batching" | "headers"> {
  const destination = owner.object("destination");
  const hook = destination?.object("properties");
  const endpoint = hook?.text("endpointUrl");
  if (destination?.text("endpointType") !== "WebHook" || hook === undefined || endpoint === undefined) {
    throw badRequest(
      "A destination must have endpointType WebHook and properties.endpointUrl: the emulator delivers to nothing else.",
    );
  }
  if (!/^https?:\/\//i.test(endpoint) || !URL.canParse(endpoint)) {
    throw badRequest("endpointUrl must be an http or https URL.");
  }
  return {
    endpoint,
    batching: given({
      maxEvents: hook.number("maxEventsPerBatch"),
      preferredKb: hook.number("preferredBatchSizeInKilobytes"),
    }),
    headers: Object.fromEntries(hook.objects("deliveryAttributeMappings").map(readHeader)),
  };
}

function readHeader(mapping: JsonFields): readonly [name: string, value: string] {
  const name = mapping.text("name") ?? "";
  const value = mapping.object("properties")?.text("value");
  if (mapping.text("type") === "Static" && value !== undefined && /^[\w-]+$/.test(name)) return [name, value];
  throw badRequest("deliveryAttributeMappings must be of type Static, with a name and properties.value.");
}

function durationMs(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) throw badRequest(`${name} must be an ISO 8601 duration, such as P1D.`);
  return ms;
}
