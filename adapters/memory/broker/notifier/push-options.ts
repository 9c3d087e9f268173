import { BrokerError } from "../broker-error.js";
import type { DeadLetterSink } from "./dead-letter.js";
import { azureResourceRules, namespaceRules, webhookRules, type DeliveryRules } from "./delivery-rules.js";
import type { FilterDescription } from "./filter.js";
import { within } from "./pull-options.js";
import type { Topic } from "./topic.js";

/** Options of a push subscription. */
export interface PushOptions {
  /** Where requests go. The service takes HTTPS only; the notifier does not look, for endpoints on loopback. */
  readonly endpoint: string;
  readonly filter?: FilterDescription;
  /** Schema of the deliveries. Default: the topic's. CloudEvents cannot be delivered as `eventGrid`. */
  readonly schema?: "cloudEvents" | "eventGrid";
  readonly retry?: {
    /** Attempts in all, 1 to 30 (the default); in a namespace 1 to 10 (the default). */
    readonly maxAttempts?: number;
    /** Age at which no further attempt is made, from 1 up to the topic's retention (the default). */
    readonly eventTtlMinutes?: number;
  };
  readonly batching?: {
    /** Most events of one request, 1 to 5 000. Default 1. */
    readonly maxEvents?: number;
    /** Size that a request should not exceed, 1 to 1 024. Default 64. A single larger event still goes, alone. */
    readonly preferredKb?: number;
  };
  readonly deadLetter?: DeadLetterSink;
  /** How long a dead letter waits before it is written. Default 300 000. */
  readonly deadLetterDelayMs?: number;
  /** Custom headers of every delivery: at most 10, values of at most 4 096 bytes. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Whose table of final statuses applies. Default `webhook`. */
  readonly destination?: "webhook" | "azureResource";
  /** `none` trusts the endpoint without a handshake, as the service does for Azure resources. Default `handshake`. */
  readonly validation?: "handshake" | "none";
  /** Requests that may wait for an answer at the same time, from 1. Default 64. */
  readonly maxConcurrentRequests?: number;
}

/** The same with every default filled in. */
export interface PushSettings {
  readonly endpoint: string;
  readonly schema: "cloudEvents" | "eventGrid";
  readonly maxAttempts: number;
  readonly eventTtlMs: number;
  readonly maxEvents: number;
  readonly preferredBytes: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly maxConcurrentRequests: number;
  readonly rules: DeliveryRules;
}

/** @throws {BrokerError} `badRequest` for an option out of its bounds. */
export function pushSettings(options: PushOptions, topic: Topic): PushSettings {
  const rules = rulesFor(options, topic);
  const schema = options.schema ?? topic.schema;
  if (schema === "eventGrid" && topic.schema === "cloudEvents") {
    throw new BrokerError(
      "badRequest",
      "CloudEvents cannot be delivered in the Event Grid schema: use cloudEvents.",
    );
  }
  const { retry = {}, batching = {} } = options;
  const maxTtl = Math.max(1, Math.floor(topic.retentionMs / 60_000));
  return {
    endpoint: options.endpoint,
    schema,
    rules,
    maxAttempts: within("maxAttempts", retry.maxAttempts ?? rules.maxAttempts, 1, rules.maxAttempts),
    eventTtlMs: within("eventTtlMinutes", retry.eventTtlMinutes ?? maxTtl, 1, maxTtl) * 60_000,
    maxEvents: within("maxEvents", batching.maxEvents ?? 1, 1, 5_000),
    preferredBytes: within("preferredKb", batching.preferredKb ?? 64, 1, 1_024) * 1_024,
    headers: customHeaders(options.headers ?? {}),
    maxConcurrentRequests: within("maxConcurrentRequests", options.maxConcurrentRequests ?? 64, 1, 1_000_000),
  };
}

function rulesFor(options: PushOptions, topic: Topic): DeliveryRules {
  if (topic.kind === "namespace") return namespaceRules;
  return options.destination === "azureResource" ? azureResourceRules : webhookRules;
}

function customHeaders(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (entries.length > 10)
    throw new BrokerError("badRequest", "A subscription has at most 10 custom headers.");
  for (const [name, value] of entries) {
    if (Buffer.byteLength(value) > 4_096 || name.startsWith("aeg-")) {
      throw new BrokerError(
        "badRequest",
        `Header ${name} must have at most 4 096 bytes and not begin with "aeg-".`,
      );
    }
  }
  return Object.fromEntries(entries);
}
