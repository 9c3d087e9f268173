import type { ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import { within, type BacklogEvidence, type Deadline } from "../../src/transport/index.js";
import { toLong } from "./long.js";
import { mapError } from "./map-error.js";

/** What a look goes by. */
export interface Look {
  readonly deadline: Deadline;
  readonly browser: Pick<ServiceBusReceiver, "peekMessages">;
  /** For errors, such as `cannot look at "orders"`. */
  readonly doing: string;
  /** Of the last message that came: those behind it are the first to be looked at. */
  readonly last: string | undefined;
  /** Whoever looks has it, or it waits behind one that he has. */
  readonly isOwn: (message: ServiceBusReceivedMessage) => boolean;
}

/**
 * The first active message that is not the looker's own. The service shows locked ones too, and does not say so: another
 * consumer may have it. An undecodable one comes before all others: the SDK rejects a look that meets one, and its
 * connection lives on.
 *
 * @throws {WaybillError} why it cannot look
 */
export async function look(of: Look): Promise<BacklogEvidence | undefined> {
  try {
    const behind = of.last === undefined ? undefined : await lookFrom(of, BigInt(of.last) + 1n, 1);
    return behind ?? (await lookFrom(of, 0n, pages));
  } catch (error) {
    throw mapError(error, of.doing);
  }
}

async function lookFrom(of: Look, first: bigint, most: number): Promise<BacklogEvidence | undefined> {
  let from = first;
  for (let page = 0; page < most; page += 1) {
    const seen = await peek(of, from, perPage);
    if (seen === "unreadable") return unreadable(of, from);
    const waiting = seen.find((message) => message.state === "active" && !of.isOwn(message));
    if (waiting !== undefined) return evidenceOf(waiting);
    const last = numberOf(seen.at(-1));
    if (last === undefined) return undefined;
    from = last + 1n;
  }
  return undefined;
}

/** Bodies come along, so that a page is small. */
const perPage = 8;

/** How far a look goes past messages that are deferred, scheduled or the looker's own. */
const pages = 8;

async function peek(
  { deadline, browser, doing }: Look,
  from: bigint,
  count: number,
): Promise<readonly ServiceBusReceivedMessage[] | "unreadable"> {
  try {
    return await within(deadline, doing, () =>
      browser.peekMessages(count, { fromSequenceNumber: toLong(String(from)) }),
    );
  } catch (error) {
    if (error instanceof Error && decodingErrors.has(error.name)) return "unreadable";
    throw error;
  }
}

/** What rhea's decoder throws; the service and the connection fail with other names. */
const decodingErrors: ReadonlySet<string> = new Set([
  "RangeError",
  "TypeError",
  "SyntaxError",
  "ProtocolError",
]);

/** The number of the first undecodable message from there on: one look per message before it, then a bisection. */
async function unreadable(of: Look, first: bigint): Promise<BacklogEvidence> {
  let from = first;
  for (let at = 0; at < perPage; at += 1) {
    const seen = await peek(of, from, 1);
    const number = seen === "unreadable" ? undefined : numberOf(seen[0]);
    if (number === undefined) break;
    from = number + 1n;
  }
  // A look from any number up to that of the message fails, and one from the next succeeds.
  let step = 1n;
  while (step < furthest && (await peek(of, from + step, 1)) === "unreadable") step *= 2n;
  let [fails, succeeds] = [step === 1n ? from : from + step / 2n, from + step];
  while (succeeds - fails > 1n) {
    const middle = (fails + succeeds) / 2n;
    if ((await peek(of, middle, 1)) === "unreadable") fails = middle;
    else succeeds = middle;
  }
  return { id: String(fails), mayBeLocked: true, unreadable: true };
}

/** Far beyond the numbers of one partition. */
const furthest = 2n ** 48n;

function evidenceOf(message: ServiceBusReceivedMessage): BacklogEvidence {
  const enqueuedAtMs = message.enqueuedTimeUtc?.getTime();
  return {
    id: message.sequenceNumber?.toString() ?? "",
    mayBeLocked: true,
    ...(enqueuedAtMs === undefined ? {} : { enqueuedAtMs }),
  };
}

function numberOf(message: ServiceBusReceivedMessage | undefined): bigint | undefined {
  const number = message?.sequenceNumber?.toString();
  return number === undefined ? undefined : BigInt(number);
}
