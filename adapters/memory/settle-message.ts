import {
  toDeadLetterProperties,
  type DeliveryHistory,
  type HeaderValue,
  type SettleAction,
} from "../../src/transport/index.js";
import type { Delivery as BrokerDelivery } from "./broker/delivery.js";
import { messageState } from "./broker/record.js";
import type { Receiver as BrokerReceiver } from "./broker/receiver.js";

/**
 * Does what the core decided, as Service Bus does it: `abandon` and `defer` count as deliveries, `release` does not.
 *
 * A release carries no history (AMQP `released` modifies nothing), and needs none: the delivery count stays too. What was
 * fetched by its number came over no link that could release it, so it is abandoned, which counts.
 * @throws {BrokerError} `com.microsoft:message-lock-lost`, in a session `session-lock-lost`
 */
export function settleMessage(
  receiver: BrokerReceiver,
  delivery: BrokerDelivery,
  action: SettleAction,
): void {
  switch (action.kind) {
    case "complete":
      receiver.complete(delivery);
      return;
    case "abandon":
      receiver.abandon(delivery, historyProperties(action.history));
      return;
    case "release":
      if (delivery.state === messageState.deferred)
        receiver.abandon(delivery, historyProperties(action.history));
      else receiver.release(delivery);
      return;
    case "defer":
      receiver.defer(delivery);
      return;
    case "deadLetter": {
      const properties = toDeadLetterProperties(action.record);
      const description = String(properties["wbdldescription"]);
      receiver.deadLetter(delivery, { reason: action.record.reason, description, properties });
    }
  }
}

/** What a message that is put back has to say of its past, as `docs/wire-format.md` spells it. */
function historyProperties(history: DeliveryHistory): Record<string, HeaderValue> {
  const properties: Record<string, HeaderValue> = {};
  if (history.attempts !== undefined) properties["cloudEvents_wbattempt"] = history.attempts;
  if (history.uncounted !== undefined) properties["cloudEvents_wbuncounted"] = history.uncounted;
  if (history.firstFailedAt !== undefined) properties["cloudEvents_wbfirstfailed"] = history.firstFailedAt;
  return properties;
}
