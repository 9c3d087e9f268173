import type { AmqpError, AmqpValue, DeliveryState, Terminus } from "./engine.js";
import { Described } from "./engine.js";
import { compositeCode, stringKeys } from "./field-reader.js";
import type { FieldReader } from "./field-reader.js";
import { AmqpDecodeError } from "./protocol-error.js";

/** The performatives of AMQP 1.0 part 2.7, by the code of their descriptor. */
export const performative = {
  open: 0x10,
  begin: 0x11,
  attach: 0x12,
  flow: 0x13,
  transfer: 0x14,
  disposition: 0x15,
  detach: 0x16,
  end: 0x17,
  close: 0x18,
} as const;

export interface Open {
  readonly containerId: string;
  readonly hostname: string | undefined;
  readonly maxFrameSize: number;
  readonly idleTimeoutMs: number;
  readonly properties: ReadonlyMap<string, AmqpValue>;
}

export function readOpen(reader: FieldReader): Open {
  const containerId = must(reader.stringField(), "container-id");
  const hostname = reader.stringField();
  const maxFrameSize = reader.uintField() ?? 0xffff_ffff;
  reader.ushortField();
  const idleTimeoutMs = reader.uintField() ?? 0;
  for (let i = 0; i < 4; i++) reader.rawField();
  return { containerId, hostname, maxFrameSize, idleTimeoutMs, properties: reader.fieldsField() };
}

export interface Begin {
  readonly remoteChannel: number | undefined;
  readonly nextOutgoingId: number;
  readonly incomingWindow: number;
}

export function readBegin(reader: FieldReader): Begin {
  return {
    remoteChannel: reader.ushortField(),
    nextOutgoingId: must(reader.uintField(), "next-outgoing-id"),
    incomingWindow: must(reader.uintField(), "incoming-window"),
  };
}

export interface Attach {
  readonly name: string;
  readonly handle: number;
  /** True: the peer receives. */
  readonly peerReceives: boolean;
  readonly senderSettleMode: number;
  readonly receiverSettleMode: number;
  /** As it was sent, to be echoed; undefined for null. */
  readonly source: Buffer | undefined;
  readonly target: Buffer | undefined;
  readonly initialDeliveryCount: number;
  readonly desiredCapabilities: readonly string[];
  readonly properties: ReadonlyMap<string, AmqpValue>;
}

export function readAttach(reader: FieldReader): Attach {
  const name = must(reader.stringField(), "name");
  const handle = must(reader.uintField(), "handle");
  const peerReceives = must(reader.boolField(), "role");
  const senderSettleMode = reader.ubyteField() ?? 2;
  const receiverSettleMode = reader.ubyteField() ?? 0;
  const source = reader.rawField();
  const target = reader.rawField();
  reader.rawField();
  reader.rawField();
  const initialDeliveryCount = reader.uintField() ?? 0;
  reader.rawField();
  reader.rawField();
  const desiredCapabilities = reader.symbolsField();
  const properties = reader.fieldsField();
  if (senderSettleMode > 2 || receiverSettleMode > 1) throw new AmqpDecodeError("a settle mode is unknown");
  return {
    name,
    handle,
    peerReceives,
    senderSettleMode,
    receiverSettleMode,
    source,
    target,
    initialDeliveryCount,
    desiredCapabilities,
    properties,
  };
}

/** Reads a source, a target or a coordinator. */
export function readTerminus(reader: FieldReader): Terminus {
  const code = reader.openComposite();
  if (code === 0x30) return { address: undefined, coordinator: true, dynamic: false, filters: new Map() };
  if (code !== 0x28 && code !== 0x29) throw new AmqpDecodeError("a terminus is neither source nor target");
  const address = reader.anyField();
  for (let i = 0; i < 3; i++) reader.rawField();
  const dynamic = reader.boolField() ?? false;
  reader.rawField();
  if (code === 0x28) reader.rawField();
  const filters = code === 0x28 ? reader.fieldsField() : new Map<string, AmqpValue>();
  return { address: typeof address === "string" ? address : undefined, coordinator: false, dynamic, filters };
}

export interface Flow {
  readonly nextIncomingId: number | undefined;
  readonly incomingWindow: number;
  readonly handle: number | undefined;
  readonly deliveryCount: number | undefined;
  readonly linkCredit: number | undefined;
  readonly drain: boolean;
  readonly echo: boolean;
}

export function readFlow(reader: FieldReader): Flow {
  const nextIncomingId = reader.uintField();
  const incomingWindow = must(reader.uintField(), "incoming-window");
  reader.uintField();
  reader.uintField();
  const handle = reader.uintField();
  const deliveryCount = reader.uintField();
  const linkCredit = reader.uintField();
  reader.uintField();
  const drain = reader.boolField() ?? false;
  const echo = reader.boolField() ?? false;
  return { nextIncomingId, incomingWindow, handle, deliveryCount, linkCredit, drain, echo };
}

export interface Transfer {
  readonly handle: number;
  readonly deliveryId: number | undefined;
  readonly tag: Buffer | undefined;
  readonly format: number | undefined;
  readonly settled: boolean | undefined;
  readonly more: boolean;
  readonly aborted: boolean;
}

export function readTransfer(reader: FieldReader): Transfer {
  const handle = must(reader.uintField(), "handle");
  const deliveryId = reader.uintField();
  const tag = reader.binaryField();
  const format = reader.uintField();
  const settled = reader.boolField();
  const more = reader.boolField() ?? false;
  reader.ubyteField();
  reader.rawField();
  reader.boolField();
  const aborted = reader.boolField() ?? false;
  return { handle, deliveryId, tag, format, settled, more, aborted };
}

export interface Disposition {
  /** True: the peer speaks as the receiver, of what we sent. */
  readonly peerReceives: boolean;
  readonly first: number;
  readonly last: number;
  readonly settled: boolean;
  readonly state: DeliveryState;
}

export function readDisposition(reader: FieldReader): Disposition {
  const peerReceives = must(reader.boolField(), "role");
  const first = must(reader.uintField(), "first");
  const last = reader.uintField() ?? first;
  const settled = reader.boolField() ?? false;
  return { peerReceives, first, last, settled, state: deliveryState(reader.anyField()) };
}

export interface Detach {
  readonly handle: number;
  readonly closed: boolean;
}

export function readDetach(reader: FieldReader): Detach {
  return { handle: must(reader.uintField(), "handle"), closed: reader.boolField() ?? false };
}

const accepted: DeliveryState = { type: "accepted" };
const released: DeliveryState = { type: "released" };
const other: DeliveryState = { type: "other" };

function deliveryState(value: AmqpValue | undefined): DeliveryState {
  if (!(value instanceof Described)) return other;
  const fields = Array.isArray(value.value) ? (value.value as AmqpValue[]) : [];
  switch (value.descriptor === 0x34 ? 0x34 : compositeCode(value.descriptor)) {
    case 0x24:
      return accepted;
    case 0x26:
      return released;
    case 0x25:
      return rejected(fields[0]);
    case 0x27:
      return modified(fields);
    default:
      return other;
  }
}

function rejected(error: AmqpValue | undefined): DeliveryState {
  if (!(error instanceof Described) || !Array.isArray(error.value)) return { type: "rejected" };
  const [condition, description, info] = error.value as AmqpValue[];
  const told: AmqpError = { condition: text(condition), description: text(description) };
  return { type: "rejected", error: told, info: stringKeys(info) };
}

function modified(fields: readonly AmqpValue[]): DeliveryState {
  const [deliveryFailed, undeliverableHere, annotations] = fields;
  return {
    type: "modified",
    deliveryFailed: deliveryFailed === true,
    undeliverableHere: undeliverableHere === true,
    annotations: stringKeys(annotations),
  };
}

const text = (value: AmqpValue | undefined): string => (typeof value === "string" ? value : "");

function must<T>(field: T | undefined, name: string): T {
  if (field === undefined) throw new AmqpDecodeError(`the field ${name} is missing`);
  return field;
}

/** Values in one performative or terminus: far more than any client sends, and too few to fill memory with. */
export const maxPerformativeValues = 1_024;
