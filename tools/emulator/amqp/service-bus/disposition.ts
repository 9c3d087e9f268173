import type { DeadLetterOptions } from "../../../../adapters/memory/broker/dead-letter.js";
import type { Delivery } from "../../../../adapters/memory/broker/delivery.js";
import type { Receiver } from "../../../../adapters/memory/broker/receiver.js";
import type { DeliveryState } from "../engine/engine.js";
import { propertyValues } from "./property-value.js";

/**
 * Settles a delivery as a client's disposition says (amqp-wire.md 3.3): accepted completes, modified abandons or, with
 * `undeliverable-here`, defers, rejected dead-letters, released gives back uncounted.
 *
 * @throws {BrokerError} as the receiver's settling methods
 */
export function applyDisposition(receiver: Receiver, delivery: Delivery, state: DeliveryState): void {
  switch (state.type) {
    case "accepted":
      receiver.complete(delivery);
      return;
    case "modified": {
      const properties = state.annotations === undefined ? undefined : propertyValues(state.annotations);
      if (state.undeliverableHere) receiver.defer(delivery, properties);
      else receiver.abandon(delivery, properties);
      return;
    }
    case "rejected":
      receiver.deadLetter(delivery, deadLetterOptions(state));
      return;
    case "released":
    case "other":
      receiver.release(delivery);
  }
}

/**
 * What a client is told of a disposition that was obeyed: the same, but a rejection without its error, which
 * `@azure/service-bus` would take for a failure.
 */
export function outcomeOf(state: DeliveryState): DeliveryState {
  if (state.type === "rejected") return { type: "rejected" };
  if (state.type !== "modified") return state;
  const { deliveryFailed, undeliverableHere } = state;
  return { type: "modified", deliveryFailed, undeliverableHere };
}

type Rejected = Extract<DeliveryState, { type: "rejected" }>;

/** SDKs put everything into the error's info; other clients have nothing but the error itself. */
function deadLetterOptions({ error, info = new Map() }: Rejected): DeadLetterOptions {
  const { DeadLetterReason, DeadLetterErrorDescription, ...properties } = propertyValues(info);
  const own = error?.condition === "com.microsoft:dead-letter" ? undefined : error;
  return {
    reason: textOr(DeadLetterReason, own?.condition),
    description: textOr(DeadLetterErrorDescription, own?.description),
    properties,
  };
}

function textOr(value: unknown, otherwise: string | undefined): string | undefined {
  return typeof value === "string" ? value : otherwise === "" ? undefined : otherwise;
}
