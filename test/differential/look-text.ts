import { deadLetterPath } from "../../adapters/memory/broker/address.js";
import type { PeekedMessage, PeekOptions } from "../../adapters/memory/broker/peek.js";

/** Whatever holds messages. */
interface Browsable {
  peek(address: string, options: PeekOptions): PeekedMessage[];
}

/** All that a queue or subscription and its dead-letter queue hold, in whatever state, as lines. */
export const lookInto = (broker: Browsable, path: string): readonly string[] => [
  ...broker.peek(path, { count: 100 }).map((seen) => `stored ${textOf(seen)}`),
  ...broker.peek(deadLetterPath(path), { count: 100 }).map((seen) => `letter ${textOf(seen)}`),
];

const textOf = (seen: PeekedMessage): string => {
  const { message, sequenceNumber, enqueuedTimeMs, expiresAtMs, deliveryCount, state } = seen;
  const { messageId, sessionId, timeToLiveMs, applicationProperties = {} } = message;
  const properties = Object.entries(applicationProperties).sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify({
    messageId,
    sessionId,
    timeToLiveMs,
    properties,
    sequenceNumber,
    enqueuedTimeMs,
    expiresAtMs,
    deliveryCount,
    state,
  });
};
