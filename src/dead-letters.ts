import type { AppParts } from "./app.js";
import type { ChannelSpec, Messages } from "./contracts/channel.js";
import type { InputOf } from "./contracts/message.js";
import { channelOf } from "./contracts/channel.js";
import type { Pump } from "./consume/pump.js";
import { WaybillError } from "./errors.js";
import { jsonCodec } from "./message/codec.js";
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
  readonly body: Uint8Array;
  /** The decoded body, `undefined` if it cannot be decoded. */
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
        return (await receiver.peek(max)).map((delivery) => entryOf(channel, delivery));
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
  const [result] = await parts.producer.dispatch([{ channel: channel.name, outgoing }]);
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
  const name = Object.keys(channel.messages).find(
    (each) => channel.messages[each]?.["~message"].type === original.type,
  );
  const target = name === undefined ? undefined : channelOf(channel)[name];
  if (target === undefined) {
    throw new WaybillError(
      "unknownMessageType",
      `"${channel.name}" carries no ${JSON.stringify(original.type)}: it can be redriven, not edited`,
    );
  }
  const origin = {
    ...parts.producer.origin(),
    source: original.source,
    causationId: original.id,
    ...(original.correlationId !== undefined ? { correlationId: original.correlationId } : {}),
  };
  const made = await parts.producer.prepareOwn(
    target,
    edit(dataOf(channel, original)),
    { headers: original.headers },
    origin,
  );
  return made.outgoing.envelope;
}

function entryOf(channel: ChannelSpec, delivery: DeadLetterDelivery): DeadLetterEntry {
  const { envelope, record, broker } = delivery;
  return {
    id: envelope.id,
    messageType: envelope.type,
    version: envelope.version,
    key: envelope.key,
    headers: envelope.headers,
    reason: record.reason,
    description: record.description,
    errorName: record.errorName,
    attempts: record.attempts,
    at: record.at,
    body: envelope.body,
    data: dataOf(channel, envelope),
    sequenceNumber: broker.sequenceNumber ?? broker.messageId,
  };
}

function dataOf(channel: ChannelSpec, envelope: Envelope): unknown {
  try {
    return (channel.settings.codec ?? jsonCodec).decode(envelope.body, envelope.contentType);
  } catch {
    return undefined;
  }
}
