import { afterEach, describe, expect, it } from "vitest";
import { uint, ushort } from "../../../tools/emulator/amqp/engine/codec.js";
import type { ServerConnection } from "../../../tools/emulator/amqp/engine/connection.js";
import { Described } from "../../../tools/emulator/amqp/engine/engine.js";
import type { AmqpValue } from "../../../tools/emulator/amqp/engine/engine.js";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, amqpHeader, code, conditionOf, rawFrame, source, target } from "./raw-peer.js";
import { connectRhea, event, events, openReceiver, openSender } from "./rhea-client.js";

let server: EchoServer;

afterEach(async () => {
  // Whatever a peer did: another one is served.
  const client = await connectRhea(server.port);
  const sender = await openSender(client, "last");
  sender.send({ body: "still here" });
  await event(sender, "accepted");
  client.close();
  await server.close();
  expect(server.errors).toEqual([]);
});

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(" ", ""), "hex");

/** A frame on channel 0 with these bytes as its body. */
const frameOf = (body: Buffer): Buffer => {
  const head = hex("00000000 02 00 0000");
  head.writeUInt32BE(8 + body.length);
  return Buffer.concat([head, body]);
};

/** An attach whose properties are these bytes. */
const attachWith = (properties: Buffer): Buffer => {
  const fields = Buffer.concat([hex("a101 61 43 41"), Buffer.alloc(10, 0x40), properties]);
  const list = hex("00 53 12 d0 00000000 0000000e");
  list.writeUInt32BE(fields.length + 4, 4);
  return frameOf(Buffer.concat([list, fields]));
};

const nested = (depth: number): Buffer => {
  let value = hex("40");
  for (let i = 0; i < depth; i++) {
    const head = hex("d0 00000000 00000001");
    head.writeUInt32BE(value.length + 4, 1);
    value = Buffer.concat([head, value]);
  }
  return value;
};

describe("the connection of a peer is closed for", () => {
  it.each<[string, string, Buffer]>([
    ["a frame shorter than its head", "amqp:connection:framing-error", hex("00000007 02 00 0000")],
    ["a frame larger than agreed", "amqp:connection:framing-error", hex("00010001 02 00 0000")],
    ["a frame of four gigabytes", "amqp:connection:framing-error", hex("ffffffff 02 00 0000")],
    ["a body that begins in the head", "amqp:connection:framing-error", hex("00000008 01 00 0000")],
    ["a body that begins behind the frame", "amqp:connection:framing-error", hex("00000008 03 00 0000")],
    ["a frame of SASL's", "amqp:connection:framing-error", hex("00000008 02 01 0000")],
    ["a frame of a type that is none", "amqp:connection:framing-error", hex("00000008 02 77 0000")],
    ["a performative that is none", "amqp:decode-error", rawFrame(0, 0x19, [])],
    ["a body that is no described list", "amqp:decode-error", frameOf(hex("a1 01 61"))],
    ["a list of four billion fields", "amqp:decode-error", frameOf(hex("00 53 12 d0 00000004 ffffffff"))],
    [
      "a list that claims more bytes than there are",
      "amqp:decode-error",
      frameOf(hex("00 53 12 d0 00001000 00000001 40")),
    ],
    [
      "a string that claims more bytes than there are",
      "amqp:decode-error",
      frameOf(hex("00 53 12 c0 06 01 b1 ffffffff")),
    ],
    [
      "four billion nulls in an array of no bytes",
      "amqp:decode-error",
      attachWith(hex("f0 00000005 ffffffff 40")),
    ],
    [
      "an array of arrays that claim too much",
      "amqp:decode-error",
      attachWith(hex("f0 0000000e 00000001 f0 00000005 ffffffff 40")),
    ],
    ["a list of four billion items", "amqp:decode-error", attachWith(hex("d0 00000004 ffffffff"))],
    ["a map with a key and no value", "amqp:decode-error", attachWith(hex("c1 02 01 40"))],
    ["values within values without end", "amqp:decode-error", attachWith(nested(1_000))],
    ["descriptors of descriptors without end", "amqp:decode-error", attachWith(Buffer.alloc(60_000))],
    [
      "more values than any client sends",
      "amqp:decode-error",
      attachWith(Buffer.concat([hex("d0 00002714 00002710"), Buffer.alloc(10_000, 0x45)])),
    ],
    ["a field of the wrong type", "amqp:decode-error", rawFrame(0, code.attach, [uint(1), uint(1), true])],
    ["a field that is missing", "amqp:decode-error", rawFrame(0, code.attach, ["name", uint(1)])],
    [
      "a terminus that is none",
      "amqp:decode-error",
      rawFrame(0, code.attach, ["a", uint(1), true, null, null, new Described(0x24, [])]),
    ],
    ["a second open", "amqp:not-allowed", rawFrame(0, code.open, ["raw"])],
    [
      "a second begin on a channel",
      "amqp:not-allowed",
      rawFrame(0, code.begin, [null, uint(0), uint(1), uint(1)]),
    ],
    [
      "an answer to a begin that we never sent",
      "amqp:not-allowed",
      rawFrame(1, code.begin, [ushort(1), uint(0), uint(1), uint(1)]),
    ],
    [
      "a channel beyond the last",
      "amqp:connection:framing-error",
      rawFrame(9_999, code.begin, [null, uint(0), uint(1), uint(1)]),
    ],
    [
      "a handle beyond the last",
      "amqp:connection:framing-error",
      rawFrame(0, code.attach, ["a", uint(0xffff_ffff), true]),
    ],
    [
      "a frame on a channel without a session",
      "amqp:not-allowed",
      rawFrame(7, code.flow, [uint(0), uint(1), uint(0), uint(1)]),
    ],
  ])("%s", async (_, condition, bytes) => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.socket.write(bytes);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe(condition);
    await peer.closed;
    await server.logged("closed raw");
  });

  it.each<[string, string, readonly AmqpValue[]]>([
    ["frames smaller than the least", "amqp:invalid-field", ["raw", null, uint(511)]],
    ["heartbeats without pause", "amqp:not-allowed", ["raw", null, null, null, uint(1)]],
    ["no name of its own", "amqp:decode-error", []],
  ])("an open with %s", async (_, condition, fields) => {
    server = await startEchoServer();
    const peer = await RawPeer.connect(server.port);
    peer.socket.write(amqpHeader);
    peer.send(0, code.open, fields);
    await peer.next(code.open);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe(condition);
    await peer.closed;
  });

  it("anything before its open", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.connect(server.port);
    peer.socket.write(
      Buffer.concat([amqpHeader, rawFrame(0, code.begin, [null, uint(0), uint(1), uint(1)])]),
    );
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:not-allowed");
    await peer.closed;
  });
});

describe("the session of a peer is ended for", () => {
  it.each<[string, string, Buffer]>([
    [
      "a message on a link that is none",
      "amqp:session:unattached-handle",
      rawFrame(0, code.transfer, [uint(9), uint(0), Buffer.of(1)]),
    ],
    [
      "credit on a link that is none",
      "amqp:session:unattached-handle",
      rawFrame(0, code.flow, [uint(0), uint(1), uint(0), uint(1), uint(9)]),
    ],
    [
      "the end of a link that is none",
      "amqp:session:unattached-handle",
      rawFrame(0, code.detach, [uint(9), true]),
    ],
    [
      "a handle in use",
      "amqp:session:handle-in-use",
      rawFrame(0, code.attach, ["other", uint(0), true, null, null, source("a"), target(null)]),
    ],
    [
      "a message on a link on which we send",
      "amqp:not-allowed",
      rawFrame(0, code.transfer, [uint(0), uint(0), Buffer.of(1)]),
    ],
    ["a message without a tag", "amqp:invalid-field", rawFrame(0, code.transfer, [uint(1), uint(0)])],
    [
      "a message without an id",
      "amqp:invalid-field",
      rawFrame(0, code.transfer, [uint(1), null, Buffer.of(1)]),
    ],
    [
      "a tag that is too long",
      "amqp:invalid-field",
      rawFrame(0, code.transfer, [uint(1), uint(0), Buffer.alloc(33)]),
    ],
  ])("%s", async (_, condition, bytes) => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "in");
    peer.attachSender(1, "b", "out");
    await peer.next(code.flow);
    peer.socket.write(bytes);
    expect(conditionOf((await peer.next(code.end)).fields[0])).toBe(condition);
    expect(server.log).toEqual(["detached in", "detached out"]);
    peer.send(0, code.end, []);
    peer.begin(0);
    await peer.next(code.begin);
  });

  it("a delivery that begins within another", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(1, "b");
    await peer.next(code.flow);
    peer.transfer(1, 0, Buffer.of(1), true);
    peer.transfer(1, 1, Buffer.of(1));
    expect(conditionOf((await peer.next(code.end)).fields[0])).toBe("amqp:invalid-field");
  });

  it("more frames than its window", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(1, "b");
    await peer.next(code.flow);
    const frame = rawFrame(0, code.transfer, [uint(1), uint(0), Buffer.of(1), null, null, true]);
    // In one turn, so that we cannot open the window in between.
    const connection = server.connections()[0] as ServerConnection;
    for (let i = 0; i < 5_001; i++) connection.receive(frame);
    expect(conditionOf((await peer.next(code.end)).fields[0])).toBe("amqp:session:window-violation");
  });
});

describe("the link of a peer is detached for", () => {
  it("a message without credit", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(1, "narrow", "out");
    await peer.next(code.flow);
    peer.transfer(1, 0, Buffer.of(1));
    await peer.next(code.disposition);
    peer.transfer(1, 1, Buffer.of(1));
    expect(conditionOf((await peer.next(code.detach)).fields[2])).toBe("amqp:link:transfer-limit-exceeded");
    expect(server.log).toEqual(["detached out"]);
  });

  it("a message that is too large", async () => {
    server = await startEchoServer({ limits: { maxMessageBytes: 100 } });
    const peer = await RawPeer.open(server.port);
    peer.attachSender(1, "b", "out");
    await peer.next(code.flow);
    peer.transfer(1, 0, Buffer.alloc(60), true);
    peer.transfer(1, 0, Buffer.alloc(41), false);
    expect(conditionOf((await peer.next(code.detach)).fields[2])).toBe("amqp:link:message-size-exceeded");
    peer.transfer(1, 0, Buffer.alloc(41), false);
    await peer.sync();
    expect(server.log).toEqual(["detached out"]);
  });
});

describe("a peer may not fill our memory", () => {
  it("with messages that it never ends; and gets back what it aborts", async () => {
    server = await startEchoServer({ limits: { maxPartialBytes: 10_000 } });
    const peer = await RawPeer.open(server.port);
    peer.attachSender(1, "b");
    await peer.next(code.flow);
    // Fifty aborted messages, then an endless one of one byte a frame.
    for (let id = 0; id < 50; id++) {
      peer.transfer(1, id, Buffer.alloc(1_000), true);
      peer.send(0, code.transfer, [uint(1), null, null, null, null, null, null, null, null, true]);
    }
    for (let i = 0; i < 20; i++) peer.transfer(1, 50, Buffer.of(1), true);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:resource-limit-exceeded");
    await peer.closed;
  });

  it("with links: those beyond the limit are refused, and who goes on is closed", async () => {
    server = await startEchoServer({ limits: { maxLinks: 10 } });
    const peer = await RawPeer.open(server.port);
    for (let handle = 0; handle < 12; handle++) peer.attachReceiver(handle, "a");
    const refused = await peer.next(code.detach);
    expect(refused.fields[0]).toBe(10);
    expect(conditionOf(refused.fields[2])).toBe("amqp:resource-limit-exceeded");
    // One that ends makes room for another.
    peer.send(0, code.detach, [uint(0), true]);
    peer.send(0, code.detach, [uint(10), true]);
    peer.attachReceiver(10, "a", "again");
    for (let handle = 0; handle < 9; handle++) await peer.next(code.attach);
    for (let handle = 12; handle < 74; handle++) peer.attachReceiver(handle, "a");
    await peer.sync();
    peer.begin(1);
    for (let handle = 0; handle < 5; handle++) peer.attachReceiver(handle, "a", `more-${handle}`, 1);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:resource-limit-exceeded");
  });

  it("with what it attaches", async () => {
    server = await startEchoServer({ limits: { maxAttachBytes: 10_000 } });
    const peer = await RawPeer.open(server.port);
    for (let handle = 0; handle < 20; handle++) peer.attachReceiver(handle, "a", `${handle}`.padEnd(1_000));
    expect(conditionOf((await peer.next(code.detach)).fields[2])).toBe("amqp:resource-limit-exceeded");
  });

  it("with sessions: there is no channel for more", async () => {
    server = await startEchoServer({ limits: { maxSessions: 5 } });
    const peer = await RawPeer.open(server.port);
    for (let channel = 1; channel < 6; channel++) peer.begin(channel);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:connection:framing-error");
  });

  it("with deliveries that it never settles", async () => {
    server = await startEchoServer({ limits: { maxUnsettled: 10 } });
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    await peer.next(code.flow);
    for (let id = 0; id < 30; id++) peer.transfer(0, id, Buffer.of(id));
    peer.attachReceiver(1, "a");
    peer.credit(1, 1_000);
    await peer.sync();
    const received = (): number => peer.frames.filter((frame) => frame.code === code.transfer).length;
    expect(received()).toBe(10);
    peer.send(0, code.disposition, [true, uint(0), uint(3), true, new Described(0x24, [])]);
    await peer.until(() => received() === 14);
    await peer.sync();
    expect(received()).toBe(14);
  });

  it("by not reading messages; it gets all of them when it reads", async () => {
    const maxUnreadBytes = 100_000;
    server = await startEchoServer({ limits: { maxUnreadBytes } });
    const filler = await connectRhea(server.port);
    const sender = await openSender(filler, "a");
    const count = 400;
    for (let sent = 0; sent < count; sent += 50) {
      const accepted = events(sender, "accepted", 50);
      for (let i = 0; i < 50; i++) sender.send({ body: Buffer.alloc(50_000) });
      await accepted;
    }
    filler.close();
    await event(filler, "connection_close");
    const slow = await connectRhea(server.port);
    const receiver = await openReceiver(slow, "a");
    const connection = server.connections()[0] as ServerConnection;
    const socket = (slow as unknown as { socket: { pause(): void; resume(): void } }).socket;
    socket.pause();
    receiver.add_credit(count);
    (slow as unknown as { output(): void }).output();
    // Other peers are served meanwhile, for as long as it takes to fill the system's own buffers.
    let most = 0;
    for (let before = -1; connection.starved.size === 0 || before !== most;) {
      before = most;
      const other = await RawPeer.open(server.port);
      await other.sync();
      other.socket.destroy();
      most = Math.max(most, connection.unreadBytes);
    }
    expect(most).toBeLessThan(maxUnreadBytes + 60_000);
    const received = events(receiver, "message", count);
    socket.resume();
    await received;
  });

  it("by not reading answers", async () => {
    const maxUnreadBytes = 50_000;
    server = await startEchoServer({ limits: { maxUnreadBytes } });
    const peer = await RawPeer.open(server.port);
    const connection = server.connections()[0] as ServerConnection;
    peer.socket.pause();
    const echo = rawFrame(0, code.flow, [
      uint(0),
      uint(1),
      uint(0),
      uint(1),
      null,
      null,
      null,
      null,
      null,
      true,
    ]);
    const flood = Buffer.concat(Array.from({ length: 2_000 }, () => echo));
    while (!connection.isDeaf) {
      peer.socket.write(flood);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(connection.unreadBytes).toBeLessThan(maxUnreadBytes * 2 + 200_000);
    peer.socket.destroy();
    await server.logged("closed raw");
  });

  it("by coming and going a thousand times", async () => {
    server = await startEchoServer();
    const gone = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const peers = await Promise.all(
        Array.from({ length: 50 }, async (_, index) => {
          const name = `${round}-${index}`;
          const peer = await RawPeer.open(server.port, { fields: [name] });
          peer.attachReceiver(0, "a", name);
          gone.add(name);
          return peer;
        }),
      );
      for (const peer of peers) peer.socket.resetAndDestroy();
    }
    for (const name of gone) await server.logged(`closed ${name}`);
    expect(server.connections()).toEqual([]);
  });
});
