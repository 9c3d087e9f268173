import type { EventHubConsumerClient, ReceivedEventData } from "@azure/event-hubs";
import { within, type Deadline } from "../../src/transport/index.js";
import { behind } from "./start-position.js";

/** What an examination works with. */
export interface ExamineParts {
  /** Makes another client, with a connection of its own. */
  readonly another: () => EventHubConsumerClient;
  readonly partition: string;
  readonly silenceMs: number;
  readonly deadline: Deadline;
  readonly closing: Deadline;
}

/**
 * What an event is that does not come: `readable` after all; `absent`, the next one has a higher number, `from`;
 * `undecodable`, with the event behind it; `unknown`, because nothing behind it can be read either.
 */
export type Finding =
  | { readonly kind: "readable" }
  | { readonly kind: "absent"; readonly from: number }
  | { readonly kind: "undecodable"; readonly next: ReceivedEventData }
  | { readonly kind: "unknown" };

/**
 * Finds out about the event with a sequence number. It is undecodable if it cannot be read twice, while in between the one
 * behind it could. Each try is over a connection of its own, and asks for one event: an SDK that fails at one in a row may
 * hand out those behind it. Nobody else of the group may be reading the partition: he would be ended.
 *
 * Bounded by three tries, each by the SDK's own limits and {@link longestTryMs}.
 * @throws why a try had neither an event nor silence, which says nothing of the event
 */
export async function examine(sequenceNumber: number, parts: ExamineParts): Promise<Finding> {
  const it = async (): Promise<Finding | undefined> => {
    const first = await firstBehind(sequenceNumber - 1, parts);
    if (first === undefined) return undefined;
    const from = first.sequenceNumber;
    return from > sequenceNumber ? { kind: "absent", from } : { kind: "readable" };
  };
  const found = await it();
  if (found !== undefined) return found;
  const next = await firstBehind(sequenceNumber, parts);
  if (next === undefined) return { kind: "unknown" };
  return (await it()) ?? { kind: "undecodable", next };
}

/** The first event behind a sequence number; nothing if none comes in time. */
async function firstBehind(
  sequenceNumber: number,
  { another, partition, silenceMs, deadline, closing }: ExamineParts,
): Promise<ReceivedEventData | undefined> {
  const client = another();
  const waitMs = Math.max(leastWaitMs, 3 * silenceMs);
  const longest = { ...deadline, operationMs: Math.max(longestTryMs, deadline.operationMs + 2 * waitMs) };
  let closed: () => void = () => undefined;
  // Until then the SDK is not to try again: it would meet the event again, over a connection that is to be closed.
  const over = new Promise<void>((end) => {
    closed = end;
  });
  try {
    return await within(
      longest,
      `cannot look for an event of partition ${partition}`,
      () =>
        new Promise<ReceivedEventData | undefined>((resolve, reject) => {
          client.subscribe(
            partition,
            {
              processEvents: ([first]) => {
                resolve(first);
                return over;
              },
              processError: (error) => {
                reject(error);
                return over;
              },
            },
            {
              startPosition: behind(sequenceNumber),
              maxBatchSize: 1,
              prefetchCount: 1,
              maxWaitTimeInSeconds: waitMs / 1_000,
              ownerLevel: 1,
              skipParsingBodyAsJson: true,
            },
          );
        }),
    );
  } finally {
    await within(closing, "cannot close a client", () => client.close()).catch(() => undefined);
    closed();
  }
}

/** The least for which an event is waited for, in milliseconds: on a busy machine a healthy one takes its time too. */
const leastWaitMs = 1_000;

/** When the SDK is given up on, in milliseconds: it gives a link a minute by itself. */
const longestTryMs = 120_000;
