import type { PeekedMessage } from "../../adapters/memory/broker/peek.js";

/** A stored message, as one line. */
export const lookText = (seen: PeekedMessage): string => {
  const { message, sequenceNumber, enqueuedTimeMs, expiresAtMs, deliveryCount, state } = seen;
  const { messageId, sessionId, timeToLiveMs, applicationProperties = {} } = message;
  const properties = Object.entries(applicationProperties).sort(([left], [right]) => (left < right ? -1 : 1));
  return `stored ${JSON.stringify({
    messageId,
    sessionId,
    timeToLiveMs,
    properties,
    sequenceNumber,
    enqueuedTimeMs,
    expiresAtMs,
    deliveryCount,
    state,
  })}`;
};
