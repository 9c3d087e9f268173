import { afterEach, describe, expect, it } from "vitest";
import { uint } from "../../../tools/emulator/amqp/engine/codec.js";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, code, conditionOf, source, target } from "./raw-peer.js";

let server: EchoServer;

afterEach(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});

/** A peer that has sent these messages to the address `a`. */
async function peerWithMessages(messages: readonly Buffer[], maxFrameSize = 65_536): Promise<RawPeer> {
  const peer = await RawPeer.open(server.port, { fields: ["raw", null, uint(maxFrameSize)] });
  peer.attachSender(0, "a");
  await peer.next(code.flow);
  messages.forEach((message, id) => peer.transfer(0, id, message));
  await peer.sync();
  return peer;
}

/** Tells the window of the session and nothing of a link. */
const tellWindow = (peer: RawPeer, received: number, window: number): void =>
  peer.send(0, code.flow, [uint(received), uint(window), uint(0), uint(0)]);

describe("a session", () => {
  it("sends a large message as the peer's window allows", async () => {
    server = await startEchoServer();
    const body = Buffer.alloc(3_000, "x");
    const peer = await peerWithMessages([body], 512);
    peer.attachReceiver(1, "a");
    peer.credit(1, 1, 0, { window: 2 });
    const pieces: Buffer[] = [];
    const take = async (): Promise<boolean> => {
      const frame = await peer.next(code.transfer);
      pieces.push(frame.payload);
      return frame.fields[5] === true;
    };
    await take();
    await take();
    let received = 2;
    for (let more = true; more; received++) {
      await peer.sync(0, received);
      expect(peer.frames.filter((frame) => frame.code === code.transfer)).toHaveLength(0);
      tellWindow(peer, received, 1);
      more = await take();
    }
    expect(Buffer.concat(pieces)).toEqual(body);
  });

  it("has no credit to give while the peer's window is closed, and goes on when it opens", async () => {
    server = await startEchoServer();
    const peer = await peerWithMessages(Array.from({ length: 6 }, (_, id) => Buffer.of(id)));
    peer.attachReceiver(1, "a");
    peer.credit(1, 6, 0, { window: 3 });
    for (let id = 0; id < 3; id++) expect((await peer.next(code.transfer)).payload).toEqual(Buffer.of(id));
    await peer.sync(0, 3);
    expect(peer.frames.filter((frame) => frame.code === code.transfer)).toHaveLength(0);
    tellWindow(peer, 3, 3);
    for (let id = 3; id < 6; id++) expect((await peer.next(code.transfer)).payload).toEqual(Buffer.of(id));
  });

  it("answers a drain behind the message that it interrupts", async () => {
    server = await startEchoServer();
    const peer = await peerWithMessages([Buffer.alloc(1_000, "x")], 512);
    peer.attachReceiver(1, "a");
    peer.credit(1, 5, 0, { window: 1, drain: true });
    await peer.next(code.transfer);
    peer.frames.length = 0;
    tellWindow(peer, 1, 10);
    const drained = await peer.next(code.flow);
    expect(drained.fields.slice(4, 9)).toEqual([1, 5, 0, 0, true]);
    const transfers = peer.frames.filter((frame) => frame.code === code.transfer);
    expect(transfers.at(-1)?.fields[5]).toBe(false);
  });

  it("counts across the end of the number space", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port, { begin: false });
    peer.begin(0, 2_048, 0xffff_fffe);
    const fields = [
      "s",
      uint(0),
      false,
      null,
      null,
      source(null),
      target("a"),
      null,
      null,
      uint(0xffff_fffd),
    ];
    peer.send(0, code.attach, fields);
    await peer.next(code.flow);
    for (const id of [0xffff_fffe, 0xffff_ffff, 0, 1]) {
      peer.send(
        0,
        code.transfer,
        [uint(0), uint(id), Buffer.of(id & 0xff), uint(0), false],
        Buffer.of(id & 0xff),
      );
    }
    const accepted = await peer.next(code.disposition);
    expect(accepted.fields.slice(0, 4)).toEqual([true, 0xffff_fffe, 1, true]);
    const granted = await peer.next(code.flow);
    expect(granted.fields[0]).toBe(2);
    expect(granted.fields.slice(4, 7)).toEqual([0, 1, 100]);
  });

  it("opens its window again before it is used up", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    await peer.next(code.flow);
    peer.transfer(0, 0, Buffer.of(1), true);
    for (let i = 0; i < 3_000; i++)
      peer.send(0, code.transfer, [uint(0), null, null, null, null, true], Buffer.of(1));
    const opened = await peer.next(code.flow, (frame) => frame.fields.length === 4);
    expect(opened.fields[1]).toBe(5_000);
  });

  it("ends with a word for what the peer did wrong, and lets the others be", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "zero");
    await peer.next(code.attach);
    peer.begin(1);
    await peer.next(code.begin);
    peer.send(1, code.detach, [uint(3), true]);
    const ended = await peer.next(code.end);
    expect(ended.channel).toBe(1);
    expect(conditionOf(ended.fields[0])).toBe("amqp:session:unattached-handle");
    // What was sent before the peer knew is ignored, until it ends the session as well.
    peer.send(1, code.transfer, [uint(9), uint(0), Buffer.of(1)], Buffer.of(1));
    peer.send(1, code.attach, ["late", uint(1), true, null, null, source("a"), target(null)]);
    peer.send(1, code.end, []);
    peer.begin(1);
    expect((await peer.next(code.begin)).channel).toBe(1);
    expect(server.log).toEqual([]);
  });
});
