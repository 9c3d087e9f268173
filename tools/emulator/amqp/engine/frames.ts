import type { AmqpError, AmqpValue, AttachReply, DeliveryState, OutgoingMessage } from "./engine.js";
import { ubyte, uint, ulong, ushort, symbols } from "./codec.js";
import { performative } from "./performatives.js";
import { AmqpWriter } from "./writer.js";

/**
 * Writes frames (AMQP 1.0 part 2.3). Every function returns the writer that all of them share, with one frame in it,
 * complete but for the payload: the caller copies it out before the next is written.
 */
const scratch = new AmqpWriter();

const headBytes = 8;
const saslType = 0x01;

function start(channel: number, type = 0x00): AmqpWriter {
  scratch.reset().raw(emptyHead);
  scratch.bytes[5] = type;
  scratch.bytes.writeUInt16BE(channel, 6);
  return scratch;
}

/** Sets the frame's size, payload included. */
function finish(payloadBytes = 0): AmqpWriter {
  scratch.bytes.writeUInt32BE(scratch.position + payloadBytes, 0);
  return scratch;
}

function frame(channel: number, code: number, fields: readonly (AmqpValue | undefined)[]): AmqpWriter {
  start(channel).composite(code, fields);
  return finish();
}

export function heartbeatFrame(): AmqpWriter {
  start(0);
  return finish();
}

export function saslFrame(code: number, fields: readonly AmqpValue[]): AmqpWriter {
  start(0, saslType).composite(code, fields);
  return finish();
}

export interface OpenFields {
  readonly containerId: string;
  readonly maxFrameBytes: number;
  readonly channelMax: number;
  readonly idleTimeoutMs: number;
}

export function openFrame(open: OpenFields): AmqpWriter {
  const { containerId, maxFrameBytes, channelMax, idleTimeoutMs } = open;
  const fields = [containerId, null, uint(maxFrameBytes), ushort(channelMax), uint(idleTimeoutMs)];
  return frame(0, performative.open, fields);
}

export function beginFrame(channel: number, incomingWindow: number, handleMax: number): AmqpWriter {
  const fields = [ushort(channel), uint(0), uint(incomingWindow), uint(outgoingWindow), uint(handleMax)];
  return frame(channel, performative.begin, fields);
}

export interface AttachFields {
  readonly name: string;
  readonly handle: number;
  readonly weReceive: boolean;
  readonly senderSettleMode: number;
  readonly receiverSettleMode: number;
  /** Encoded; undefined is null. */
  readonly source: Uint8Array | undefined;
  readonly target: Uint8Array | undefined;
  readonly reply: AttachReply;
}

export function attachFrame(channel: number, attach: AttachFields): AmqpWriter {
  const { reply } = attach;
  const writer = start(channel);
  writer.raw(attachHead);
  const list = writer.begin(0xd0, 14);
  writer.string(attach.name);
  writer.uint(attach.handle);
  writer.value(attach.weReceive);
  writer.value(ubyte(attach.senderSettleMode));
  writer.value(ubyte(attach.receiverSettleMode));
  writer.raw(attach.source ?? nullBytes);
  writer.raw(attach.target ?? nullBytes);
  writer.value(null);
  writer.value(null);
  writer.value(attach.weReceive ? null : uint(0));
  writer.value(reply.maxMessageSize ? ulong(reply.maxMessageSize) : null);
  writer.value(reply.offeredCapabilities?.length ? symbols(reply.offeredCapabilities) : null);
  writer.value(null);
  if (reply.properties === undefined) writer.value(null);
  else writer.symbolMap(reply.properties);
  writer.end(list);
  return finish();
}

export interface FlowFields {
  readonly nextIncomingId: number;
  readonly incomingWindow: number;
  readonly nextOutgoingId: number;
}

export interface LinkFlowFields {
  readonly handle: number;
  readonly deliveryCount: number;
  readonly credit: number;
  readonly drain: boolean;
}

export function flowFrame(channel: number, session: FlowFields, link?: LinkFlowFields): AmqpWriter {
  const writer = start(channel);
  writer.raw(flowHead);
  const list = writer.begin(0xd0, link === undefined ? 4 : 9);
  writer.uint(session.nextIncomingId);
  writer.uint(session.incomingWindow);
  writer.uint(session.nextOutgoingId);
  writer.uint(outgoingWindow);
  if (link !== undefined) {
    writer.uint(link.handle);
    writer.uint(link.deliveryCount);
    writer.uint(link.credit);
    writer.uint(0);
    writer.value(link.drain);
  }
  writer.end(list);
  return finish();
}

/**
 * The head of a delivery's first frame, as if the whole payload came with it: {@link sizeTransfer} follows. Its fields are
 * few and short, so that the list's size fits one byte.
 */
export function transferHead(
  channel: number,
  handle: number,
  deliveryId: number,
  message: OutgoingMessage,
): AmqpWriter {
  const writer = start(channel);
  const list = beginTransfer(writer, handle, deliveryId);
  writer.binary(message.tag);
  writer.uint(message.format ?? 0);
  writer.byte(message.settled ? 0x41 : 0x42);
  return endTransfer(writer, list);
}

/** The head of a later frame of a delivery. */
export function continuationHead(channel: number, handle: number, deliveryId: number): AmqpWriter {
  const writer = start(channel);
  const list = beginTransfer(writer, handle, deliveryId);
  writer.raw(threeNulls);
  return endTransfer(writer, list);
}

/** Says how much payload follows the head, and whether there is more in another frame. */
export function sizeTransfer(head: AmqpWriter, payloadBytes: number, more: boolean): void {
  head.bytes[head.position - 1] = more ? 0x41 : 0x42;
  finish(payloadBytes);
}

function beginTransfer(writer: AmqpWriter, handle: number, deliveryId: number): number {
  writer.raw(transferStart);
  writer.uint(handle);
  writer.uint(deliveryId);
  return transferListAt;
}

function endTransfer(writer: AmqpWriter, list: number): AmqpWriter {
  writer.byte(0x42);
  writer.bytes[list + 1] = writer.position - list - 2;
  return writer;
}

export interface DispositionFields {
  readonly weReceive: boolean;
  readonly first: number;
  readonly last: number;
  readonly state: DeliveryState | undefined;
}

/** Always settled: we never say anything of a delivery but our last word. */
export function dispositionFrame(channel: number, disposition: DispositionFields): AmqpWriter {
  const { first, last, state } = disposition;
  const writer = start(channel);
  writer.raw(dispositionHead);
  const list = writer.begin(0xd0, 5);
  writer.byte(disposition.weReceive ? 0x41 : 0x42);
  writer.uint(first);
  if (last === first) writer.byte(0x40);
  else writer.uint(last);
  writer.byte(0x41);
  writeState(writer, state);
  writer.end(list);
  return finish();
}

function writeState(writer: AmqpWriter, state: DeliveryState | undefined): void {
  switch (state?.type) {
    case "accepted":
      return writer.composite(0x24, []);
    case "released":
      return writer.composite(0x26, []);
    case "rejected":
      return writeRejected(writer, state.error, state.info);
    case "modified":
      return writeModified(writer, state);
    default:
      return writer.byte(0x40);
  }
}

function writeRejected(
  writer: AmqpWriter,
  error: AmqpError | undefined,
  info: ReadonlyMap<string, AmqpValue> | undefined,
): void {
  if (error === undefined) return writer.composite(0x25, []);
  writer.raw(rejectedHead);
  const list = writer.begin(0xd0, 1);
  writeError(writer, error, info);
  writer.end(list);
}

function writeModified(writer: AmqpWriter, state: DeliveryState & { readonly type: "modified" }): void {
  writer.raw(modifiedHead);
  const list = writer.begin(0xd0, 3);
  writer.value(state.deliveryFailed);
  writer.value(state.undeliverableHere);
  if (state.annotations === undefined || state.annotations.size === 0) writer.byte(0x40);
  else writer.symbolMap(state.annotations);
  writer.end(list);
}

function writeError(
  writer: AmqpWriter,
  error: AmqpError | undefined,
  info?: ReadonlyMap<string, AmqpValue>,
): void {
  if (error === undefined) return writer.byte(0x40);
  writer.raw(errorHead);
  const list = writer.begin(0xd0, info === undefined || info.size === 0 ? 2 : 3);
  writer.symbol(error.condition);
  writer.string(error.description.slice(0, maxDescription));
  if (info !== undefined && info.size > 0) writer.symbolMap(info);
  writer.end(list);
}

/** Always a closing detach: no link of ours can be resumed. */
export function detachFrame(channel: number, handle: number, closed: boolean, error?: AmqpError): AmqpWriter {
  const writer = start(channel);
  writer.raw(detachHead);
  const list = writer.begin(0xd0, 3);
  writer.uint(handle);
  writer.value(closed);
  writeError(writer, error);
  writer.end(list);
  return finish();
}

export const endFrame = (channel: number, error?: AmqpError): AmqpWriter => farewell(channel, endHead, error);

export const closeFrame = (error?: AmqpError): AmqpWriter => farewell(0, closeHead, error);

function farewell(channel: number, head: Buffer, error: AmqpError | undefined): AmqpWriter {
  const writer = start(channel);
  writer.raw(head);
  const list = writer.begin(0xd0, 1);
  writeError(writer, error);
  writer.end(list);
  return finish();
}

/** What the peer may choose of. */
export const saslMechanisms = (names: readonly string[]): AmqpWriter => saslFrame(0x40, [symbols(names)]);

/** 0 is success, 1 a refusal. */
export const saslOutcome = (code: number): AmqpWriter => saslFrame(0x44, [ubyte(code)]);

/** We limit ourselves by credit only. */
const outgoingWindow = 0x7fff_ffff;

/** Longer texts are cut: a frame of this kind cannot be continued in another. */
const maxDescription = 2_048;

const descriptor = (code: number): Buffer => Buffer.from([0x00, 0x53, code]);

const emptyHead = Buffer.from([0, 0, 0, headBytes, 2, 0, 0, 0]);
const nullBytes = Buffer.from([0x40]);
const threeNulls = Buffer.from([0x40, 0x40, 0x40]);
const attachHead = descriptor(performative.attach);
const flowHead = descriptor(performative.flow);
/** Descriptor and a list8 of six fields, whose size is to be set. */
const transferStart = Buffer.from([0x00, 0x53, performative.transfer, 0xc0, 0, 6]);
const transferListAt = headBytes + 3;
const dispositionHead = descriptor(performative.disposition);
const detachHead = descriptor(performative.detach);
const endHead = descriptor(performative.end);
const closeHead = descriptor(performative.close);
const errorHead = descriptor(0x1d);
const rejectedHead = descriptor(0x25);
const modifiedHead = descriptor(0x27);
