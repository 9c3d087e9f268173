import type { DequeuedMessageItem, PeekedMessageItem } from "@azure/storage-queue";
import {
  fromDeadLetterProperties,
  WaybillError,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type Envelope,
  type HeaderValue,
  type Runtime,
  type SettleRequest,
} from "../../src/transport/index.js";
import { mapError } from "./map-error.js";
import { readText } from "./message-delivery.js";
import type { Queue } from "./queue.js";
import { maxReceived } from "./receiver.js";

/** Seconds for which a letter that was taken is nobody else's. */
const takenSeconds = 60;

/**
 * Reads the poison queue of a queue, also one that Azure Functions filled. The service shows 32 letters at most; the
 * next ones are seen when these are gone.
 */
export function deadLetterReceiver(poison: Queue, runtime: Runtime): DeadLetterReceiver {
  const natives = new WeakMap<object, DequeuedMessageItem>();
  return {
    peek: async (max) => {
      const numberOfMessages = Math.max(1, Math.min(max, maxReceived));
      const { peekedMessageItems } = await poison.ask(`cannot look at "${poison.name}"`, (client) =>
        client.peekMessages({ numberOfMessages }),
      );
      return peekedMessageItems.map((item) => letterOf(item, undefined));
    },
    take: async (sequenceNumbers) => {
      const lockedUntilMs = runtime.now() + takenSeconds * 1_000;
      const taken = await takeIds(poison, new Set(sequenceNumbers), runtime);
      return taken.map((item) => {
        const letter = letterOf(item, lockedUntilMs);
        natives.set(letter, item);
        return letter;
      });
    },
    settle: (requests) =>
      Promise.all(
        requests.map(({ delivery, action }) => {
          const item = natives.get(delivery);
          natives.delete(delivery);
          return settleLetter(poison, item, action.kind);
        }),
      ),
    close: () => undefined,
  };
}

/** Requests for letters that a look for some of them makes at most: `peek` shows what the first one brings. */
const mostRequests = 10;

/** Seconds that such a look takes at most: those that were taken first must not come back meanwhile. */
const lookSeconds = takenSeconds / 2;

/**
 * A queue hands out what it likes: what was not asked for is put back at the end, in the order in which it came; if it were
 * earlier, the next request would bring the same. The look ends when all are found, when nothing new comes, and by its bounds:
 * a letter that is gone must not drain the queue.
 */
async function takeIds(
  poison: Queue,
  wanted: ReadonlySet<string>,
  { now }: Pick<Runtime, "now">,
): Promise<readonly DequeuedMessageItem[]> {
  const untilMs = now() + lookSeconds * 1_000;
  const found: DequeuedMessageItem[] = [];
  const others: DequeuedMessageItem[][] = [];
  const seen = new Set<string>();
  try {
    for (let asked = 0; asked < mostRequests && found.length < wanted.size && now() < untilMs; asked += 1) {
      const items = await takeSome(poison);
      const fresh = items.filter(({ messageId }) => !seen.has(messageId));
      for (const { messageId } of fresh) seen.add(messageId);
      found.push(...fresh.filter(({ messageId }) => wanted.has(messageId)));
      others.push(items.filter(({ messageId }) => !wanted.has(messageId)));
      if (fresh.length < items.length || items.length === 0) break;
    }
  } finally {
    for (const some of others) await Promise.allSettled(some.map((item) => putBack(poison, item)));
  }
  return found;
}

async function takeSome(poison: Queue): Promise<readonly DequeuedMessageItem[]> {
  const { receivedMessageItems } = await poison.ask(`cannot take from "${poison.name}"`, (client) =>
    client.receiveMessages({ numberOfMessages: maxReceived, visibilityTimeout: takenSeconds }),
  );
  return receivedMessageItems;
}

const putBack = (poison: Queue, { messageId, popReceipt }: DequeuedMessageItem): Promise<unknown> =>
  poison.ask(`cannot put a dead letter of "${poison.name}" back`, (client) =>
    client.updateMessage(messageId, popReceipt, undefined, 0),
  );

/** A dead letter can be removed or put back, nothing else. */
async function settleLetter(
  poison: Queue,
  item: DequeuedMessageItem | undefined,
  kind: SettleRequest["action"]["kind"],
): Promise<WaybillError | undefined> {
  const doing = `cannot ${kind} a dead letter of "${poison.name}"`;
  if (item === undefined)
    return new WaybillError("lockLost", `${doing}: it was not taken, or settled already`);
  const { messageId, popReceipt } = item;
  try {
    if (kind === "complete") await poison.ask(doing, (client) => client.deleteMessage(messageId, popReceipt));
    else await putBack(poison, item);
  } catch (error) {
    return mapError(error, doing);
  }
  if (kind === "complete" || kind === "release" || kind === "abandon") return undefined;
  return new WaybillError(
    "unsupported",
    `a dead letter in "${poison.name}" can be completed or released, not ${kind}: it was released`,
  );
}

function letterOf(native: PeekedMessageItem, lockedUntilMs: number | undefined): DeadLetterDelivery {
  const { messageId, messageText, dequeueCount, insertedOn } = native;
  const { envelope, defect } = readText(messageId, messageText);
  const { extensions } = envelope;
  return {
    envelope: { ...envelope, extensions: withoutRecord(envelope) },
    ...(defect === undefined ? {} : { defect }),
    // Whoever puts a message here without a record, as Azure Functions does, has tried it often enough.
    record: fromDeadLetterProperties(
      extensions,
      "wbdlreason" in extensions ? {} : { deadLetterReason: "BrokerMaxDelivery" },
    ),
    lane: undefined,
    deliveryCount: dequeueCount + 1,
    lockedUntilMs,
    broker: { messageId, sequenceNumber: messageId, enqueuedAtMs: insertedOn.getTime() },
    native,
  };
}

function withoutRecord({ extensions }: Envelope): Readonly<Record<string, HeaderValue>> {
  const kept = Object.create(null) as Record<string, HeaderValue>;
  for (const [name, value] of Object.entries(extensions)) if (!name.startsWith("wbdl")) kept[name] = value;
  return kept;
}
