import type { ReceivedEventData } from "@azure/event-hubs";

/**
 * What stands for an event that the SDK cannot read: its place, and nothing of what is in it. Its offset and time are those of
 * the event behind it, the nearest that are known.
 */
export function unreadable(sequenceNumber: number, behind: ReceivedEventData): ReceivedEventData {
  const message = { body: undefined };
  unreadableEvents.add(message);
  return {
    body: undefined,
    offset: behind.offset,
    sequenceNumber,
    enqueuedTimeUtc: behind.enqueuedTimeUtc,
    partitionKey: null,
    getRawAmqpMessage: () => message,
  };
}

/** Whether an event stands for one that cannot be read. */
export const isUnreadable = (event: ReceivedEventData): boolean =>
  unreadableEvents.has(event.getRawAmqpMessage());

const unreadableEvents = new WeakSet<object>();
