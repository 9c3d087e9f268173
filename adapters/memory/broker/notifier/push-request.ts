import { requestOrigin } from "./handshake.js";
import type { PushBatch } from "./push-record.js";
import type { PushSettings } from "./push-options.js";

/** An HTTP request that the owner of the notifier must make, and then answer with `notifier.answer(id, …)`. */
export interface DeliveryRequest {
  readonly id: string;
  readonly topic: string;
  readonly subscription: string;
  readonly method: "POST" | "OPTIONS";
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** JSON; empty for OPTIONS. */
  readonly body: string;
}

/**
 * The request that delivers a batch. The Event Grid schema travels as an array even for one event; a CloudEvent travels
 * alone, or as a batch if the subscription has batching on. `aeg-delivery-count` and `aeg-data-version` are those of
 * the first event.
 */
export function deliveryRequest(
  batch: PushBatch,
  settings: PushSettings,
  names: { readonly topic: string; readonly subscription: string },
): DeliveryRequest {
  const texts = batch.records.map((record) => record.event.json);
  const isArray = settings.schema === "eventGrid" || settings.maxEvents > 1;
  return {
    id: batch.id,
    ...names,
    method: "POST",
    url: settings.endpoint,
    headers: { ...settings.headers, ...deliveryHeaders(batch, settings, names.subscription) },
    body: isArray ? `[${texts.join(",")}]` : texts.join(),
  };
}

function deliveryHeaders(
  batch: PushBatch,
  settings: PushSettings,
  subscription: string,
): Readonly<Record<string, string>> {
  const [first] = batch.records;
  const common = {
    "aeg-event-type": "Notification",
    "aeg-subscription-name": subscription.toUpperCase(),
    // A captured delivery shows 0 for the first attempt.
    "aeg-delivery-count": String((first?.attempts ?? 1) - 1),
  };
  if (settings.schema === "cloudEvents") {
    const batched =
      settings.maxEvents > 1 ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    return {
      "content-type": `${batched}; charset=utf-8`,
      "webhook-request-origin": requestOrigin,
      ...common,
    };
  }
  return {
    "content-type": "application/json; charset=utf-8",
    ...common,
    "aeg-metadata-version": "1",
    "aeg-data-version": first?.event.dataVersion ?? "",
  };
}
