import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import { within, type Deadline } from "../../src/transport/index.js";

/**
 * The first event behind a sequence number that the SDK can read, over a connection of its own; nothing if none comes in
 * time. Closes the client. Nobody else of the group may be reading the partition: this one would end him.
 */
export async function firstBehind(
  client: EventHubConsumerClient,
  partition: string,
  sequenceNumber: number,
  { waitMs, closing }: { readonly waitMs: number; readonly closing: Deadline },
): Promise<ReceivedEventData | undefined> {
  const found = await new Promise<ReceivedEventData | undefined>((resolve) => {
    client.subscribe(
      partition,
      {
        processEvents: ([first]) => {
          resolve(first);
          return Promise.resolve();
        },
        processError: () => {
          resolve(undefined);
          return Promise.resolve();
        },
      },
      {
        startPosition: { sequenceNumber, isInclusive: false },
        maxBatchSize: 1,
        prefetchCount: 1,
        maxWaitTimeInSeconds: waitMs / 1_000,
        ownerLevel: 1,
        skipParsingBodyAsJson: true,
      },
    );
  });
  await within(closing, "cannot close a client", () => client.close()).catch(() => undefined);
  return found;
}

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
