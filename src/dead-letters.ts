import type { AppParts } from "./app.js";
import { isClaimChecked } from "./claim-check/reference.js";
import { channelId, channelOf, type ChannelSpec, type Messages, type Target } from "./contracts/channel.js";
import { readingOf } from "./consume/decode.js";
import type { InputOf } from "./contracts/message.js";
import type { Pump } from "./consume/pump.js";
import { isWaybillError, WaybillError } from "./errors.js";
import { copyId } from "./message/copy-id.js";
import type { DeadLetterReason, Envelope, HeaderValue } from "./message/envelope.js";
import type { Outgoing, DeadLetterDelivery } from "./transport/transport.js";

/** The dead letters of one consumer: look at them, and send them back. */
export interface DeadLetters<M extends Messages = Messages> {
  /** Looks at the oldest ones without locking or changing them. Default: 100. */
  peek(max?: number): Promise<readonly DeadLetterEntry[]>;
  /**
   * Sends one back to this consumer alone, with all its attempts, then removes it from the dead letters. A crash in
   * between leaves both: the same message, which idempotent consumers handle once.
   *
   * With `edit` it is a new message: the contract checks what `edit` makes, the id is new, `causationId` is the old.
   * @throws {WaybillError} `notFound` if it is gone; what a send throws.
   */
  redrive(entry: DeadLetterEntry, options?: RedriveOptions<M>): Promise<{ readonly id: string }>;
}

export interface RedriveOptions<M extends Messages> {
  /** Makes corrected data of the decoded one, which may be anything. */
  readonly edit?: (data: unknown) => InputOf<M[keyof M]>;
}

/** One dead letter. */
export interface DeadLetterEntry {
  /** The message id. */
  readonly id: string;
  readonly messageType: string;
  readonly version: number | undefined;
  readonly key: string | undefined;
  readonly headers: Readonly<Record<string, HeaderValue>>;
  readonly reason: DeadLetterReason;
  /** One line for a person. */
  readonly description: string;
  readonly errorName: string | undefined;
  /** Handler runs in all. */
  readonly attempts: number;
  /** When it was given up, RFC 3339. */
  readonly at: string;
  /** Empty if it is in a claim check, and cannot be fetched. */
  readonly body: Uint8Array;
  /** The decoded body, `undefined` if it cannot be fetched or decoded. */
  readonly data: unknown;
  readonly sequenceNumber: string;
}

/** Opens the dead letters of a consumer. Each call connects for itself and closes again. */
export function openDeadLetters<M extends Messages>(
  parts: AppParts,
  pump: Pump,
  channel: ChannelSpec,
): DeadLetters<M> {
  const { source } = pump.consumer;
  const connection = parts.connectionOf.get(pump);
  if (connection === undefined)
    throw new WaybillError("unknownChannel", `"${channel.name}" has no connection`);
  return {
    peek: async (max = 100) => {
      const receiver = connection.deadLetters(source);
      try {
        return await entriesOf(parts, channel, await receiver.peek(max));
      } finally {
        await receiver.close();
      }
    },
    redrive: async (entry, options = {}) => {
      const receiver = connection.deadLetters(source);
      try {
        const [delivery] = await receiver.take([entry.sequenceNumber]);
        if (delivery === undefined) {
          throw new WaybillError(
            "notFound",
            `dead letter ${entry.id} of "${channel.name}" is gone, or somebody else has it`,
          );
        }
        const outgoing = await redriven(parts, pump, channel, delivery, options.edit).catch(
          async (error: unknown) => {
            await receiver.settle([
              { delivery, action: { kind: "release", history: delivery.envelope.history } },
            ]);
            throw error;
          },
        );
        const [failure] = await receiver.settle([{ delivery, action: { kind: "complete" } }]);
        if (failure !== undefined) throw failure;
        return { id: outgoing.envelope.id };
      } finally {
        await receiver.close();
      }
    },
  };
}

/** Sends the message back; resolves once the broker has it. */
async function redriven(
  parts: AppParts,
  pump: Pump,
  channel: ChannelSpec,
  delivery: DeadLetterDelivery,
  edit: ((data: unknown) => unknown) | undefined,
): Promise<Outgoing> {
  const { spec, source } = pump.consumer;
  const addressedTo = source.kind === "queue" ? undefined : spec.as;
  const original = delivery.envelope;
  const envelope = edit === undefined ? original : await edited(parts, channel, original, edit);
  const { redrives = 0 } = original.history;
  const outgoing = {
    envelope: {
      ...envelope,
      ...(edit === undefined ? { brokerId: copyId(original, "redrive", addressedTo) } : {}),
      history: { redrives: redrives + 1, ...(addressedTo !== undefined ? { addressedTo } : {}) },
    },
  };
  const [result] = await parts.producer.dispatch([{ channel: channelId(channel), outgoing }]);
  if (result?.ok !== true)
    throw result?.error ?? new WaybillError("ambiguousSend", "the transport gave no answer");
  return outgoing;
}

async function edited(
  parts: AppParts,
  channel: ChannelSpec,
  original: Envelope,
  edit: (data: unknown) => unknown,
): Promise<Envelope> {
  const { type, data } = contentOf(channel, await withData(parts, original));
  const name = Object.keys(channel.messages).find(
    (each) => channel.messages[each]?.["~message"].type === type,
  );
  const target = name === undefined ? undefined : channelOf(channel)[name];
  if (target === undefined) {
    throw new WaybillError(
      "unknownMessageType",
      `"${channel.name}" carries no ${JSON.stringify(type)}: it can be redriven, not edited`,
    );
  }
  const { key, replyTo, ttlMs, correlationId } = original;
  const chosenKey = key !== undefined && key !== keyOf(target, data) ? { key } : {};
  const options = { headers: original.headers, ...chosenKey, ...(replyTo !== undefined ? { replyTo } : {}) };
  const origin = {
    ...parts.producer.origin(),
    source: original.source,
    causationId: original.id,
    ...(correlationId !== undefined ? { correlationId } : {}),
  };
  const made = await parts.producer.prepareOwn(target, edit(data), options, origin);
  return ttlMs === undefined ? made.outgoing.envelope : { ...made.outgoing.envelope, ttlMs };
}

/** The key that the contract gives the data; nothing where it cannot. A key of another making was chosen by the sender. */
function keyOf(target: Target, data: unknown): string | undefined {
  try {
    return target["~target"].message["~message"].key(data);
  } catch {
    return undefined;
  }
}

/** The envelope with its data, if the claim check has it. @throws {WaybillError} if it cannot be had. */
async function withData({ claimCheck, service }: AppParts, envelope: Envelope): Promise<Envelope> {
  if (!isClaimChecked(envelope)) return envelope;
  if (claimCheck !== undefined) return { ...envelope, body: await claimCheck.collect(envelope) };
  throw new WaybillError(
    "missingDependency",
    `the data of message ${envelope.id} is in a claim check: give run() of "${service}" the option claimCheck`,
  );
}

/** What cannot be fetched is shown as what cannot be decoded: the rest of the entry says why it lies here. */
async function entriesOf(
  parts: AppParts,
  channel: ChannelSpec,
  deliveries: readonly DeadLetterDelivery[],
): Promise<readonly DeadLetterEntry[]> {
  const entries: DeadLetterEntry[] = [];
  let answers = true;
  for (const delivery of deliveries) {
    let { envelope } = delivery;
    try {
      if (answers) envelope = await withData(parts, envelope);
    } catch (error) {
      // A store that is down is waited for once, not for every entry.
      answers = !isWaybillError(error) || error.code !== "storeFailed";
    }
    entries.push(entryOf(channel, delivery, envelope));
  }
  return entries;
}

function entryOf(
  channel: ChannelSpec,
  { record, broker }: DeadLetterDelivery,
  envelope: Envelope,
): DeadLetterEntry {
  const { type, data } = contentOf(channel, envelope);
  return {
    id: envelope.id,
    messageType: type,
    version: envelope.version,
    key: envelope.key,
    headers: envelope.headers,
    reason: record.reason,
    description: record.description,
    errorName: record.errorName,
    attempts: record.attempts,
    at: record.at,
    body: envelope.body,
    data,
    sequenceNumber: broker.sequenceNumber ?? broker.messageId,
  };
}

/** What is in a message, as far as it can be read; the channel reads foreign ones in its own way. */
function contentOf(
  channel: ChannelSpec,
  envelope: Envelope,
): { readonly type: string; readonly data: unknown } {
  try {
    const reading = readingOf(channel, envelope);
    return { type: reading.type, data: reading.data() };
  } catch {
    return { type: envelope.type, data: undefined };
  }
}
