import type { ChannelSpec, ForeignReading, Messages } from "../contracts/channel.js";
import { compileMessage } from "../contracts/compiled-message.js";
import type { Message } from "../contracts/message.js";
import { isWaybillError, WaybillError } from "../errors.js";
import { jsonCodec } from "../message/codec.js";
import type { Envelope } from "../message/envelope.js";
import type { BrokerFacts, MaybePromise } from "../transport/transport.js";
import type { Readable } from "./fetch-body.js";
import type { Received } from "./received.js";

/** A delivery that was read: the name of its message on the channel, and what the handler gets. */
export interface Decoded {
  readonly name: string;
  readonly message: Received;
}

/** Finds the message of a channel by its type. */
export type MessageIndex = ReadonlyMap<string, { readonly name: string; readonly message: Message }>;

/** Indexes the messages of a channel by type. */
export const messageIndex = (messages: Messages): MessageIndex =>
  new Map(
    Object.entries(messages).map(([name, message]) => [message["~message"].type, { name, message }] as const),
  );

/**
 * Reads a delivery: finds its contract, decodes the body, validates it and lifts it to the contract's version.
 *
 * Answers `undefined` for a type that the channel does not carry.
 * @throws {WaybillError} `undecodable`, `unexpectedContentType`, `unknownVersion`, `noUpcaster`, `schemaInvalid`,
 * `upcastFailed`.
 */
export function decode(
  spec: ChannelSpec,
  index: MessageIndex,
  delivery: Readable,
): MaybePromise<Decoded | undefined> {
  if (delivery.defect !== undefined) throw delivery.defect;
  const { envelope } = delivery;
  const own = isOwn(spec, envelope);
  const foreign = own ? undefined : readForeign(spec, envelope);
  const found = index.get(foreign?.type ?? envelope.type);
  if (found === undefined) return undefined;
  const version = own ? envelope.version : foreign?.version;
  const raw = own ? decodeBody(spec, envelope) : foreign?.data;
  const data = compileMessage(found.message).fromWire(version, raw);
  if (data instanceof Promise) {
    return data.then((value: unknown) => decoded(found.name, found.message, delivery, version, value));
  }
  return decoded(found.name, found.message, delivery, version, data);
}

/** What an envelope says of its type, and its data on demand. */
export interface Reading {
  readonly type: string;
  data(): unknown;
}

/** Reads what an envelope says of its type, and its data on demand: by the codec, or as the channel reads foreign ones. */
export function readingOf(spec: ChannelSpec, envelope: Envelope): Reading {
  if (isOwn(spec, envelope)) return { type: envelope.type, data: () => decodeBody(spec, envelope) };
  const foreign = readForeign(spec, envelope);
  return { type: foreign?.type ?? envelope.type, data: () => foreign?.data };
}

/** Whether the channel's codec reads it; otherwise `foreign` does. */
export const isOwn = (spec: ChannelSpec, { type, version }: Envelope): boolean =>
  type !== "" && (version !== undefined || spec.settings.foreign === undefined);

/** A codec of the application may throw anything. */
function decodeBody(spec: ChannelSpec, envelope: Envelope): unknown {
  try {
    return (spec.settings.codec ?? jsonCodec).decode(envelope.body, envelope.contentType);
  } catch (cause) {
    if (isWaybillError(cause)) throw cause;
    throw new WaybillError(
      "undecodable",
      `the codec of "${spec.name}" could not read message ${envelope.id}`,
      {
        cause,
      },
    );
  }
}

function readForeign(spec: ChannelSpec, envelope: Envelope): ForeignReading | undefined {
  const { foreign } = spec.settings;
  if (foreign === undefined) return undefined;
  try {
    return foreign({
      id: envelope.id,
      body: envelope.body,
      contentType: envelope.contentType,
      subject: envelope.type === "" ? undefined : envelope.type,
      headers: envelope.headers,
    });
  } catch (cause) {
    throw new WaybillError("undecodable", `foreign of "${spec.name}" could not read message ${envelope.id}`, {
      cause,
    });
  }
}

function decoded(
  name: string,
  message: Message,
  delivery: Readable,
  version: number | undefined,
  data: unknown,
): Decoded {
  const { envelope, broker, deliveryCount } = delivery;
  const spec = message["~message"];
  return {
    name,
    message: {
      id: envelope.id,
      type: spec.type,
      version: version ?? spec.version,
      data,
      key: envelope.key,
      source: envelope.source,
      time: envelope.time,
      correlationId: envelope.correlationId ?? envelope.id,
      causationId: envelope.causationId,
      replyTo: envelope.replyTo,
      // Also what a later copy carries: a handler in plain JavaScript may try to change it.
      headers: Object.freeze(envelope.headers),
      broker: counted(broker, deliveryCount),
      native: delivery.native,
    },
  };
}

/** Field by field: a spread with a field behind it costs more than the rest of a message. */
function counted(broker: BrokerFacts, deliveryCount: number): Received["broker"] {
  const facts: { -readonly [Fact in keyof Received["broker"]]: Received["broker"][Fact] } = {
    messageId: broker.messageId,
    deliveryCount,
  };
  if (broker.sequenceNumber !== undefined) facts.sequenceNumber = broker.sequenceNumber;
  if (broker.enqueuedAtMs !== undefined) facts.enqueuedAtMs = broker.enqueuedAtMs;
  if (broker.partition !== undefined) facts.partition = broker.partition;
  if (broker.offset !== undefined) facts.offset = broker.offset;
  return facts;
}
