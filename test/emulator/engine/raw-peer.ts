import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { symbol, uint, ushort } from "../../../tools/emulator/amqp/engine/codec.js";
import { Described } from "../../../tools/emulator/amqp/engine/engine.js";
import type { AmqpValue } from "../../../tools/emulator/amqp/engine/engine.js";
import { AmqpReader } from "../../../tools/emulator/amqp/engine/reader.js";
import { AmqpWriter } from "../../../tools/emulator/amqp/engine/writer.js";

export const code = {
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

export interface RawFrame {
  readonly channel: number;
  readonly code: number;
  readonly fields: readonly AmqpValue[];
  readonly payload: Buffer;
}

export const amqpHeader = Buffer.from("AMQP\0\x01\0\0", "latin1");
export const saslHeader = Buffer.from("AMQP\x03\x01\0\0", "latin1");

/** The bytes of a frame with any performative. */
export function rawFrame(
  channel: number,
  performative: number,
  fields: readonly (AmqpValue | undefined)[],
  payload: Uint8Array = new Uint8Array(),
): Buffer {
  const writer = new AmqpWriter();
  writer.raw(Buffer.from([0, 0, 0, 0, 2, 0, channel >>> 8, channel & 0xff]));
  writer.composite(performative, fields);
  writer.raw(payload);
  writer.bytes.writeUInt32BE(writer.position, 0);
  return writer.view();
}

export const source = (address: string | null): Described => new Described(0x28, [address]);
export const target = (address: string | null): Described => new Described(0x29, [address]);

/** A peer that says exactly what a test wants it to say. */
export class RawPeer {
  /** What came and was not asked for yet. */
  readonly frames: RawFrame[] = [];
  readonly headers: Buffer[] = [];
  heartbeats = 0;
  /** Resolves when the socket is closed, for whatever reason. */
  readonly closed: Promise<unknown>;
  private bytes = Buffer.alloc(0);
  private wake: (() => void) | undefined;

  private constructor(readonly socket: Socket) {
    this.closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      try {
        this.take(chunk);
      } catch (error) {
        // A target is sent back as it came, and what this peer sent may be such that nobody can read it.
        socket.destroy(error as Error);
      }
    });
  }

  static async connect(port: number): Promise<RawPeer> {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    await once(socket, "connect");
    return new RawPeer(socket);
  }

  /** Connects and says open, and begins a session on channel 0 if told so. */
  static async open(
    port: number,
    open: { readonly fields?: AmqpValue[]; readonly begin?: boolean } = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.connect(port);
    peer.socket.write(amqpHeader);
    peer.send(0, code.open, open.fields ?? ["raw"]);
    await peer.next(code.open);
    if (open.begin === false) return peer;
    peer.begin(0);
    await peer.next(code.begin);
    return peer;
  }

  send(
    channel: number,
    performative: number,
    fields: readonly (AmqpValue | undefined)[],
    payload?: Uint8Array,
  ): void {
    this.socket.write(rawFrame(channel, performative, fields, payload));
  }

  begin(channel: number, incomingWindow = 2_048, nextOutgoingId = 0): void {
    this.send(channel, code.begin, [null, uint(nextOutgoingId), uint(incomingWindow), uint(2_048)]);
  }

  /** We receive from the address. */
  attachReceiver(handle: number, address: string, name = `receiver-${handle}`, channel = 0): void {
    this.send(channel, code.attach, [name, uint(handle), true, null, null, source(address), target(null)]);
  }

  /** We send to the address. */
  attachSender(handle: number, address: string, name = `sender-${handle}`, channel = 0): void {
    const fields = [
      name,
      uint(handle),
      false,
      null,
      null,
      source(null),
      target(address),
      null,
      null,
      uint(0),
    ];
    this.send(channel, code.attach, fields);
  }

  credit(
    handle: number,
    credit: number,
    deliveryCount = 0,
    more: { drain?: boolean; window?: number; received?: number } = {},
  ): void {
    const { drain = false, window = 2_048, received = 0 } = more;
    const fields = [
      uint(received),
      uint(window),
      uint(0),
      uint(2_048),
      uint(handle),
      uint(deliveryCount),
      uint(credit),
    ];
    this.send(0, code.flow, [...fields, null, drain]);
  }

  transfer(handle: number, id: number, payload: Uint8Array, more = false): void {
    const tag = Buffer.from([id >>> 8, id & 0xff]);
    this.send(0, code.transfer, [uint(handle), uint(id), tag, uint(0), false, more], payload);
  }

  /** The next frame of this kind that was not asked for yet; those before it stay. */
  async next(performative: number, matches: (frame: RawFrame) => boolean = () => true): Promise<RawFrame> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.code === performative && matches(frame));
      if (index >= 0) return this.frames.splice(index, 1)[0]!;
      await this.something();
    }
  }

  /** Waits until something has come that makes this true. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await this.something();
  }

  /** Asks for an answer, and so waits until everything before has been dealt with. */
  async sync(window = 2_048, received = 0): Promise<void> {
    const fields = [uint(received), uint(window), uint(0), uint(2_048), null, null, null, null, null, true];
    this.send(0, code.flow, fields);
    await this.next(code.flow, (frame) => frame.fields.length === 4);
  }

  private async something(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  private take(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    for (;;) {
      const size = this.bytes.subarray(0, 4).toString("latin1") === "AMQP" ? 8 : this.frameSize();
      if (size === undefined || this.bytes.length < size) break;
      this.unit(this.bytes.subarray(0, size));
      this.bytes = this.bytes.subarray(size);
    }
    this.wake?.();
  }

  private frameSize(): number | undefined {
    return this.bytes.length < 4 ? undefined : this.bytes.readUInt32BE(0);
  }

  private unit(bytes: Buffer): void {
    if (bytes.toString("latin1", 0, 4) === "AMQP") return void this.headers.push(bytes);
    if (bytes.length === 8) {
      this.heartbeats++;
      return;
    }
    const reader = new AmqpReader({ maxDepth: 32, maxValues: 10_000 }).reset(bytes, 8);
    const value = reader.value() as Described;
    this.frames.push({
      channel: bytes.readUInt16BE(6),
      code: value.descriptor as number,
      fields: value.value as AmqpValue[],
      payload: bytes.subarray(reader.position),
    });
  }
}

/** The condition of an error in a field. */
export function conditionOf(field: AmqpValue | undefined): AmqpValue | undefined {
  return field instanceof Described ? (field.value as AmqpValue[])[0] : undefined;
}

export const saslInit = (mechanism: string, response?: string): Buffer => {
  const bytes = rawFrame(0, 0x41, [symbol(mechanism), response === undefined ? null : Buffer.from(response)]);
  bytes[5] = 1;
  return bytes;
};

export const channelMax = (value: number): AmqpValue => ushort(value);
