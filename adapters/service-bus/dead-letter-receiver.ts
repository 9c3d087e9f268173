import type { ServiceBusClient, ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import {
  fromDeadLetterProperties,
  WaybillError,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type DeadLetterRecord,
  type SettleRequest,
  within,
  type Deadline,
} from "../../src/transport/index.js";
import { closed } from "./closing.js";
import { createReceiver, textOf, type EntityPath } from "./entity-path.js";
import { toLong } from "./long.js";
import { mapError, mapSettleError } from "./map-error.js";
import { factsOf, readMessage } from "./message-delivery.js";

/** Reads the dead-letter queue of a queue or subscription. */
export function deadLetterReceiver(
  client: ServiceBusClient,
  path: EntityPath,
  deadline: Deadline,
): DeadLetterReceiver {
  const from = textOf(path);
  const links: ServiceBusReceiver[] = [];
  const link = (nth = 0): ServiceBusReceiver => (links[nth] ??= createReceiver(client, path, "deadLetter"));
  const attempt = async <T>(doing: string, operation: () => Promise<T>): Promise<T> => {
    try {
      return await within(deadline, doing, operation);
    } catch (error) {
      throw mapError(error, doing);
    }
  };
  const held = new WeakMap<object, Taken>();
  const letterOf = (taken: Taken): DeadLetterDelivery => {
    const letter = deadLetterOf(from, taken.native);
    held.set(letter, taken);
    return letter;
  };
  return {
    async peek(max) {
      const seen = await attempt(`cannot look at the dead letters of "${from}"`, () => peekAll(link(), max));
      return seen.map((native) => ({ ...deadLetterOf(from, native), lockedUntilMs: undefined }));
    },
    async take(sequenceNumbers) {
      const wanted = new Set(sequenceNumbers);
      const taken = await attempt(`cannot take dead letters of "${from}"`, () => takeNumbers(link, wanted));
      return taken.map(letterOf);
    },
    settle: (requests) =>
      Promise.all(
        requests.map(async ({ delivery, action }: SettleRequest) => {
          const taken = held.get(delivery);
          if (taken === undefined)
            return new WaybillError("lockLost", `a dead letter of "${from}" was only peeked: take it first`);
          if (action.kind !== "complete" && action.kind !== "release") return wrongAction(from, action.kind);
          try {
            await attempt(`cannot ${action.kind} a dead letter of "${from}"`, () =>
              // Abandoning does not count in a dead-letter queue.
              action.kind === "complete"
                ? taken.link.completeMessage(taken.native)
                : taken.link.abandonMessage(taken.native),
            );
            return undefined;
          } catch (error) {
            return mapSettleError(error, `cannot ${action.kind} a dead letter of "${from}"`);
          }
        }),
      ),
    async close() {
      await Promise.all(links.map((each) => closed(deadline, "close a receiver", () => each.close())));
    },
  };
}

/** One request of the service gives at most a few hundred. */
async function peekAll(link: ServiceBusReceiver, max: number): Promise<readonly ServiceBusReceivedMessage[]> {
  const seen: ServiceBusReceivedMessage[] = [];
  let from = "0";
  while (seen.length < max) {
    const page = await link.peekMessages(Math.min(250, max - seen.length), {
      // Always told: without it a receiver goes on where its last look ended.
      fromSequenceNumber: toLong(from),
    });
    if (page.length === 0) break;
    seen.push(...page);
    from = String(BigInt(page.at(-1)?.sequenceNumber?.toString() ?? from) + 1n);
  }
  return seen;
}

/**
 * A queue hands out its messages in order only: what was not asked for is given back, which does not count here.
 *
 * It is asked for as many as are wanted, and for more where others lie before them: a request for more than there are takes
 * until the SDK has heard nothing for a while.
 */
async function takeNumbers(
  linkOf: (nth: number) => ServiceBusReceiver,
  wanted: ReadonlySet<string>,
): Promise<readonly Taken[]> {
  const found: Taken[] = [];
  const others: Taken[] = [];
  for (let asks = wanted.size, all = 0; found.length < wanted.size; asks *= 2) {
    const link = linkOf(Math.floor(all / mostUnsettled));
    const taken = await link.receiveMessages(Math.min(asks, 100), { maxWaitTimeInMs: emptyAfterMs });
    if (taken.length === 0) break;
    all += taken.length;
    for (const native of taken)
      (wanted.has(native.sequenceNumber?.toString() ?? "") ? found : others).push({ native, link });
  }
  await Promise.all(others.map(({ native, link }) => link.abandonMessage(native)));
  return found;
}

/** A message that is locked, and the link that can settle it. */
interface Taken {
  readonly native: ServiceBusReceivedMessage;
  readonly link: ServiceBusReceiver;
}

/** A link of the SDK falls silent when some two thousand of its messages are not settled: then the next one goes on. */
const mostUnsettled = 1_500;

/** How long a dead-letter queue may be silent before it counts as empty, in milliseconds. */
const emptyAfterMs = 500;

function deadLetterOf(from: string, native: ServiceBusReceivedMessage): DeadLetterDelivery {
  const broker = factsOf(native);
  return {
    ...readMessage(native),
    record: recordOf(from, native),
    lane: undefined,
    deliveryCount: (native.deliveryCount ?? 0) + 1,
    lockedUntilMs: native.lockedUntilUtc?.getTime(),
    broker,
    native,
  };
}

/** What the service dead-lettered by itself has no record of ours: then it is known where, and how often, at least. */
function recordOf(from: string, native: ServiceBusReceivedMessage): DeadLetterRecord {
  const { deadLetterReason, deadLetterErrorDescription } = native;
  const record = fromDeadLetterProperties(native.applicationProperties ?? {}, {
    deadLetterReason,
    deadLetterErrorDescription,
  });
  return {
    ...record,
    deliveryCount: record.deliveryCount || (native.deliveryCount ?? 0),
    from: record.from || from,
  };
}

const wrongAction = (from: string, action: string): WaybillError =>
  new WaybillError(
    "settleFailed",
    `cannot ${action} a dead letter of "${from}": complete it, or release it to put it back`,
    { class: "permanent" },
  );
