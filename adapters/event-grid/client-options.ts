import type { EventGridSenderClientOptions } from "@azure/eventgrid-namespaces";
import { verbatimPolicy } from "./verbatim.js";

/**
 * What to give to every client that a factory makes: the SDK's own retries are off, because the core retries, by rules that
 * count attempts and spread load; and events are sent as Waybill spells them, with their extension attributes.
 */
export const clientOptions: Pick<EventGridSenderClientOptions, "retryOptions" | "additionalPolicies"> = {
  retryOptions: { maxRetries: 0 },
  additionalPolicies: [{ policy: verbatimPolicy, position: "perRetry" }],
};
