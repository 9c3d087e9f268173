import type { ClaimCheck } from "../claim-check/claim-check.js";
import type { ChannelSpec } from "../contracts/channel.js";
import type { WireData } from "../contracts/compiled-message.js";
import type { ScheduledSendOptions } from "../contracts/send-options.js";
import { isWaybillError, WaybillError } from "../errors.js";
import { jsonCodec, type Codec } from "../message/codec.js";
import type { HeaderValue } from "../message/envelope.js";
import { noHistory, type EnvelopeDraft } from "../message/attributes.js";
import { checkHeaders, noHeaders } from "../message/header-rules.js";
import { durationMs } from "../runtime/duration.js";
import { isoTime } from "../runtime/iso-time.js";
import type { Outgoing } from "../transport/transport.js";
import type { Outlet } from "./outlet.js";

/** What a message inherits from where it is sent. */
export interface Origin {
  /** CloudEvents source: the service. */
  readonly source: string;
  readonly nowMs: number;
  /** The id of a message for which the sender gives none; the name says what it is drawn for. */
  newId(name: string): string;
  readonly correlationId?: string;
  readonly causationId?: string;
  /** The trace of the message in hand (W3C Trace Context): it goes on with what its handler sends. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** A message that is validated and encoded, and only needs to be sent. */
export interface Prepared {
  /** The channel's id: kind and name. */
  readonly channel: string;
  readonly outgoing: Outgoing;
}

/**
 * Makes an envelope of data: validates, projects, computes the key, encodes; takes a large body to the claim check.
 * @throws {WaybillError} `invalidMessage`, `notSerialisable`, `keyRequired`, `tooLarge`, `unsupported`, `invalidOption`,
 * `storeFailed`.
 */
export function prepare(
  outlet: Outlet,
  data: unknown,
  options: ScheduledSendOptions,
  origin: Origin,
  claimCheck: ClaimCheck | undefined,
): Prepared | Promise<Prepared> {
  const wire = outlet.message.toWire(data);
  if (wire instanceof Promise) return wire.then((value) => seal(outlet, value, options, origin, claimCheck));
  return seal(outlet, wire, options, origin, claimCheck);
}

function seal(
  outlet: Outlet,
  wire: WireData,
  options: ScheduledSendOptions,
  origin: Origin,
  claimCheck: ClaimCheck | undefined,
): Prepared | Promise<Prepared> {
  const { channel, codec, spec } = outlet;
  const { type, version } = outlet.message;
  const id = options.id ?? origin.newId(outlet.idName);
  checkId(type, id);
  const key = options.key ?? wire.key;
  if (spec.settings.ordered && spec.kind !== "stream" && key === undefined) {
    throw new WaybillError(
      "keyRequired",
      `${spec.kind} "${spec.name}" is ordered by key, but ${type} has none: add key: (data) => … to the message, or give the option key`,
    );
  }
  const dueMs = dueTime(spec, options, origin.nowMs);
  const ttlMs = options.ttl === undefined ? spec.settings.ttlMs : durationMs(options.ttl, `ttl of ${type}`);
  const envelope: EnvelopeDraft = {
    id,
    source: origin.source,
    type,
    version,
    time: isoTime(origin.nowMs),
    contentType: codec.contentType,
    correlationId: options.correlationId ?? origin.correlationId ?? id,
    headers: options.headers === undefined ? noHeaders : headersOf(options.headers),
    history: noHistory,
    extensions: noHeaders,
    body: encode(codec, type, wire.data),
  };
  if (key !== undefined) envelope.key = key;
  if (origin.causationId !== undefined) envelope.causationId = origin.causationId;
  if (origin.traceparent !== undefined) envelope.traceparent = origin.traceparent;
  if (origin.tracestate !== undefined) envelope.tracestate = origin.tracestate;
  if (options.replyTo !== undefined) envelope.replyTo = options.replyTo;
  if (ttlMs !== undefined) envelope.ttlMs = ttlMs;
  const { body } = envelope;
  const { maxMessageBytes } = outlet.route;
  if (claimCheck?.takes(body.byteLength, maxMessageBytes) === true) {
    checkKept(type, ttlMs, claimCheck);
    return claimCheck.deposit(body, codec.contentType, dueMs ?? origin.nowMs).then((fields) => {
      const named = { ...envelope, ...fields, body: noBytes };
      return { channel, outgoing: outgoingOf(named, dueMs, codec) };
    });
  }
  checkSize(outlet, body);
  return { channel, outgoing: outgoingOf(envelope, dueMs, codec) };
}

const noBytes = Buffer.alloc(0);

function checkKept(type: string, ttlMs: number | undefined, { settings: { retentionMs } }: ClaimCheck): void {
  if (ttlMs === undefined || ttlMs <= retentionMs) return;
  throw new WaybillError(
    "invalidOption",
    `${type} is to live ${String(ttlMs)} ms, and its data ${String(retentionMs)} ms: raise claimCheck.retention, or lower ttl`,
  );
}

/** The bytes of an application's codec may be in its hands as well; those of ours are not. */
function outgoingOf(envelope: EnvelopeDraft, dueMs: number | undefined, codec: Codec): Outgoing {
  if (codec === jsonCodec) return dueMs === undefined ? { envelope, ownBody: true } : { envelope, dueMs };
  return dueMs === undefined ? { envelope } : { envelope, dueMs };
}

function headersOf(headers: Readonly<Record<string, HeaderValue>>): Readonly<Record<string, HeaderValue>> {
  checkHeaders(headers);
  return Object.freeze(Object.assign(Object.create(null) as Record<string, HeaderValue>, headers));
}

function checkId(type: string, id: string): void {
  if (id.length >= 1 && id.length <= 128) return;
  throw new WaybillError(
    "invalidMessage",
    `the id of ${type} has ${String(id.length)} characters: give 1 to 128`,
  );
}

function dueTime(spec: ChannelSpec, options: ScheduledSendOptions, nowMs: number): number | undefined {
  const { delay, at } = options;
  if (delay === undefined && at === undefined) return undefined;
  if (!spec.settings.scheduled) {
    throw new WaybillError(
      "unsupported",
      `${spec.kind} "${spec.name}" takes no delay: declare it with scheduled: true`,
    );
  }
  if (delay !== undefined && at !== undefined) {
    throw new WaybillError("invalidOption", "a send has both delay and at: keep one");
  }
  const dueMs = at === undefined ? nowMs + durationMs(delay ?? "0s", "delay of a send") : at.getTime();
  if (Number.isNaN(dueMs)) throw new WaybillError("invalidOption", "at of a send is an invalid date");
  return dueMs > nowMs ? dueMs : undefined;
}

/** A codec of the application may throw anything, and answer anything. */
function encode(codec: Codec, type: string, data: unknown): Uint8Array {
  let bytes: unknown;
  try {
    bytes = codec.encode(data);
  } catch (error) {
    if (isWaybillError(error)) throw error;
    throw new WaybillError("notSerialisable", `the codec of ${type} could not encode it`, { cause: error });
  }
  if (bytes instanceof Uint8Array) return bytes;
  throw new WaybillError(
    "notSerialisable",
    `the codec of ${type} gave no bytes: encode() has to return a Uint8Array`,
  );
}

function checkSize({ channel, message, route }: Outlet, body: Uint8Array): void {
  if (body.byteLength <= route.maxMessageBytes) return;
  throw new WaybillError(
    "tooLarge",
    `${message.type} has ${String(body.byteLength)} bytes; ${channel} takes ${String(route.maxMessageBytes)}: give run() a store for large data, claimCheck`,
  );
}
