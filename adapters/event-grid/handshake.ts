import type { EventGridEvent } from "./event-delivery.js";

/**
 * Consents to deliveries of CloudEvents: an OPTIONS request names its origin, and is answered with it. Source: CloudEvents
 * webhook specification, "Abuse protection".
 */
export function consent({ headers }: Request, origins: readonly string[]): Response | undefined {
  const origin = headers.get("webhook-request-origin") ?? "";
  if (!origins.some((each) => each.toLowerCase() === origin.toLowerCase())) return undefined;
  const rate = headers.get("webhook-request-rate");
  return new Response(null, {
    status: 200,
    headers: {
      "webhook-allowed-origin": origin,
      ...(rate === null ? {} : { "webhook-allowed-rate": "*" }),
      allow: "POST, OPTIONS",
    },
  });
}

/** What a validation event of the Event Grid schema asks for. */
export interface Validation {
  /** To be echoed in the answer. */
  readonly code: unknown;
  /** To be opened instead. A forged event could have us open any address. */
  readonly url?: string;
}

/** Reads a validation event; nothing if it is another one. */
export function validationOf(
  { headers }: Request,
  [event]: readonly EventGridEvent[],
): Validation | undefined {
  if (headers.get("aeg-event-type") !== "SubscriptionValidation" || event === undefined) return undefined;
  const { eventType, data } = membersOf(event.json);
  if (eventType !== "Microsoft.EventGrid.SubscriptionValidationEvent") return undefined;
  if (typeof data !== "object" || data === null || !("validationCode" in data)) return undefined;
  const url = "validationUrl" in data && typeof data.validationUrl === "string" ? data.validationUrl : "";
  return { code: data.validationCode, ...(url === "" ? {} : { url }) };
}

function membersOf(json: string): { readonly eventType?: unknown; readonly data?: unknown } {
  const event = JSON.parse(json) as unknown;
  return typeof event === "object" && event !== null ? event : {};
}
