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
  if (hasLink(message)) return released(message.delivery);
  return settler.abandonMessage(message, history === undefined ? undefined : historyProperties(history));
}

/** What the SDK's messages carry of rhea's, in all releases since 7.0. */
interface NativeDelivery {
  readonly link: NativeLink;
  readonly remote_settled: boolean;
  /** The outcome that the service answered with. */
  readonly remote_state?: { readonly error?: { readonly condition?: string; readonly description?: string } };
  release(): void;
}

interface NativeLink {
  is_open(): boolean;
  on(event: "settled", told: (context: { readonly delivery: NativeDelivery }) => void): void;
}

interface WithDelivery {
  readonly delivery: NativeDelivery;
}

function hasLink(message: ServiceBusReceivedMessage): message is ServiceBusReceivedMessage & WithDelivery {
  const { delivery } = message as Partial<WithDelivery>;
  if (typeof delivery?.release !== "function" || delivery.remote_settled) return false;
  return (delivery as Partial<NativeDelivery>).link?.is_open() === true;
}

/**
 * A message of an entity without sessions, as the SDK is to settle it.
 *
 * One whose link is gone can be settled by its lock token as long as the lock holds. The SDK does so, but not where its
 * receiver has made a new link meanwhile (a connection that broke and came back): then it writes to the old one, which nobody
 * hears, and waits for its time-out; nor where the message has a session id, which it takes for that of a session. So it is
 * shown one that came over no link and has none.
 */
export function sessionless(message: ServiceBusReceivedMessage): ServiceBusReceivedMessage {
  const { delivery } = message as { readonly delivery?: Partial<NativeDelivery> };
  if (delivery?.link?.is_open() === true) return message;
  const { sessionId: _sessionId, ...rest } = message;
  return Object.assign(rest, { delivery: {} });
}

/** Releases that the service has not answered yet, by link: one listener for all of a link. */
const unanswered = new WeakMap<NativeLink, Map<NativeDelivery, () => void>>();

function released(delivery: NativeDelivery): Promise<void> {
  return new Promise((resolve, reject) => {
    waitingOn(delivery.link).set(delivery, () => {
      const refusal = delivery.remote_state?.error;
      if (refusal === undefined) resolve();
      else reject(Object.assign(new Error(refusal.description), { code: refusal.condition }));
    });
    delivery.release();
  });
}

function waitingOn(link: NativeLink): Map<NativeDelivery, () => void> {
  const known = unanswered.get(link);
  if (known !== undefined) return known;
  const waiting = new Map<NativeDelivery, () => void>();
  unanswered.set(link, waiting);
  link.on("settled", ({ delivery }) => {
    waiting.get(delivery)?.();
    waiting.delete(delivery);
  });
  return waiting;
}

/** What a message that is put back has to say of its past, as `docs/wire-format.md` spells it. */
function historyProperties(history: DeliveryHistory): Record<string, HeaderValue> {
  const properties: Record<string, HeaderValue> = {};
  if (history.attempts !== undefined) properties["cloudEvents_wbattempt"] = history.attempts;
  if (history.uncounted !== undefined) properties["cloudEvents_wbuncounted"] = history.uncounted;
  if (history.firstFailedAt !== undefined) properties["cloudEvents_wbfirstfailed"] = history.firstFailedAt;
  return properties;
}
