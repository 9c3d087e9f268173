import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import {
  toDeadLetterProperties,
  type DeliveryHistory,
  type HeaderValue,
  type SettleAction,
} from "../../src/transport/index.js";

/** What settles messages: the SDK's receivers, with and without sessions. */
export interface Settler {
  completeMessage(message: ServiceBusReceivedMessage): Promise<void>;
  abandonMessage(message: ServiceBusReceivedMessage, properties?: Properties): Promise<void>;
  deferMessage(message: ServiceBusReceivedMessage): Promise<void>;
  deadLetterMessage(message: ServiceBusReceivedMessage, options?: Properties): Promise<void>;
}

type Properties = Record<string, string | number | boolean | Date | null>;

/** Does what the core decided. `abandon` and `defer` count as deliveries, `release` does not. */
export function settleMessage(
  settler: Settler,
  message: ServiceBusReceivedMessage,
  action: SettleAction,
): Promise<void> {
  switch (action.kind) {
    case "complete":
      return settler.completeMessage(message);
    case "abandon":
      return settler.abandonMessage(message, historyProperties(action.history));
    case "release":
      return release(settler, message, action.history);
    case "defer":
      return settler.deferMessage(message);
    case "deadLetter": {
      const properties = toDeadLetterProperties(action.record);
      return settler.deadLetterMessage(message, {
        ...properties,
        deadLetterReason: action.record.reason,
        deadLetterErrorDescription: String(properties["wbdldescription"]),
      });
    }
  }
}

/**
 * Puts a message back uncounted: AMQP `released`, which the SDK's messages can but its interface does not offer. Where
 * the message came another way than over a living link (deferred ones do), it is abandoned, which counts.
 */
export function release(
  settler: Settler,
  message: ServiceBusReceivedMessage,
  history?: DeliveryHistory,
): Promise<void> {
  if (!hasLink(message)) {
    return settler.abandonMessage(message, history === undefined ? undefined : historyProperties(history));
  }
  message.delivery.release();
  return Promise.resolve();
}

/** Internal to the SDK, and the same in all its releases since 7.0. */
interface WithDelivery {
  readonly delivery: { release(): void; readonly remote_settled: boolean };
}

function hasLink(message: ServiceBusReceivedMessage): message is ServiceBusReceivedMessage & WithDelivery {
  const { delivery } = message as Partial<WithDelivery>;
  if (typeof delivery?.release !== "function") return false;
  const { link } = delivery as { readonly link?: { is_open?(): boolean } };
  return link?.is_open?.() === true && !delivery.remote_settled;
}

/** What a message that is put back has to say of its past, as `docs/wire-format.md` spells it. */
function historyProperties(history: DeliveryHistory): Record<string, HeaderValue> {
  const properties: Record<string, HeaderValue> = {};
  if (history.attempts !== undefined) properties["cloudEvents_wbattempt"] = history.attempts;
  if (history.uncounted !== undefined) properties["cloudEvents_wbuncounted"] = history.uncounted;
  if (history.firstFailedAt !== undefined) properties["cloudEvents_wbfirstfailed"] = history.firstFailedAt;
  return properties;
}
