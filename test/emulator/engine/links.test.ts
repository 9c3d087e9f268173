import { afterEach, describe, expect, it } from "vitest";
import { uint } from "../../../tools/emulator/amqp/engine/codec.js";
import { Described } from "../../../tools/emulator/amqp/engine/engine.js";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, code, conditionOf, rawFrame, source, target } from "./raw-peer.js";

let server: EchoServer;

afterEach(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});

const accepted = new Described(0x24, []);

describe("a link", () => {
  it("is refused with the terminus null that would have been ours, and a closing detach", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(7, "missing");
    const refused = await peer.next(code.attach);
    expect(refused.fields[5]).toBeNull();
    expect(refused.fields[6]).toBeInstanceOf(Described);
    const detach = await peer.next(code.detach);
    expect(detach.fields.slice(0, 2)).toEqual([7, true]);
    expect(conditionOf(detach.fields[2])).toBe("amqp:not-found");
    peer.attachSender(8, "missing");
    const sender = await peer.next(code.attach);
    expect(sender.fields[6]).toBeNull();
    expect(sender.fields[5]).toBeInstanceOf(Described);
  });

  it("may be attached anew on the handle of a refused one, once its peer has answered", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(1, "missing");
    await peer.next(code.detach);
    peer.send(0, code.detach, [uint(1), true]);
    peer.attachReceiver(1, "a");
    await peer.next(code.attach);
    expect((await peer.next(code.attach)).fields[5]).toBeInstanceOf(Described);
  });

  it("may have the name of another whose role is the other", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "both");
    peer.attachSender(1, "a", "both");
    await peer.next(code.attach);
    await peer.next(code.attach);
    await peer.sync();
    expect(server.log).toEqual([]);
  });

  it("is stolen by one of the same name and role", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "mine");
    await peer.next(code.attach);
    peer.attachReceiver(1, "a", "mine");
    const detach = await peer.next(code.detach);
    expect(detach.fields[0]).toBe(0);
    expect(conditionOf(detach.fields[2])).toBe("amqp:link:stolen");
    expect((await peer.next(code.attach)).fields[1]).toBe(1);
    expect(server.log).toEqual(["detached mine"]);
  });

  it("is attached before its messages, also when attach and flow come together", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    peer.transfer(0, 0, Buffer.from("one"));
    await peer.next(code.disposition);
    peer.frames.length = 0;
    peer.socket.write(
      Buffer.concat([
        rawFrame(0, code.attach, ["r", uint(1), true, null, null, source("a"), target(null)]),
        rawFrame(0, code.flow, [uint(0), uint(100), uint(1), uint(100), uint(1), uint(0), uint(5)]),
      ]),
    );
    await peer.next(code.transfer);
    expect(peer.frames.map((frame) => frame.code)).toEqual([code.attach]);
  });

  it("is attached before its messages, also when it was held back and had credit by then", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(1, "silent", "late");
    peer.credit(1, 1);
    await server.logged("held late");
    await peer.sync();
    server.held[0]!.acceptAsSender({
      flow: (link) =>
        link.credit > 0
          ? void link.send({ payload: [Buffer.from("x")], tag: Buffer.from("t"), settled: true })
          : undefined,
      disposition: () => undefined,
      detached: () => undefined,
    });
    await peer.next(code.transfer);
    expect(peer.frames.map((frame) => frame.code)).toEqual([code.attach]);
  });

  it.each([
    ["detaches", (peer: RawPeer) => peer.send(0, code.detach, [uint(1), true])],
    ["ends the session", (peer: RawPeer) => peer.send(0, code.end, [])],
    ["closes", (peer: RawPeer) => peer.send(0, code.close, [])],
    ["vanishes", (peer: RawPeer) => void peer.socket.destroy()],
  ])("that is held back is withdrawn when the peer %s", async (_, leave) => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(1, "silent", "late");
    await server.logged("held late");
    leave(peer);
    await server.logged("withdrawn late");
    const detached = new Promise<void>((resolve) => {
      const handler = { flow: () => undefined, disposition: () => undefined, detached: () => resolve() };
      expect(server.held[0]!.acceptAsSender(handler).credit).toBe(0);
    });
    await detached;
  });

  it("that is held back is refused before the goodbye of a peer that closes", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(1, "silent", "late");
    await server.logged("held late");
    peer.send(0, code.close, []);
    expect((await peer.next(code.attach)).fields[5]).toBe(null);
    expect(conditionOf((await peer.next(code.detach)).fields[2])).toBe("amqp:connection:forced");
    await peer.next(code.close);
    expect(server.log).toContain("withdrawn late");
  });

  it("has no delivery ids in common with a later session on its channel", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    peer.transfer(0, 0, Buffer.from("one"));
    peer.transfer(0, 1, Buffer.from("two"));
    await peer.next(code.attach);
    peer.attachReceiver(1, "a");
    await peer.next(code.attach);
    peer.credit(1, 1);
    const first = await peer.next(code.transfer);
    peer.send(0, code.end, []);
    await peer.next(code.end);
    peer.begin(0);
    peer.attachReceiver(1, "a");
    await peer.next(code.attach);
    peer.credit(1, 1);
    expect((await peer.next(code.transfer)).fields[1]).not.toBe(first.fields[1]);
  });

  it("that is held back is answered before it is stolen", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "silent", "mine");
    peer.attachReceiver(1, "a", "mine");
    const refused = await peer.next(code.attach);
    expect(refused.fields.slice(1, 2).concat(refused.fields[5]!)).toEqual([0, null]);
    expect(conditionOf((await peer.next(code.detach)).fields[2])).toBe("amqp:link:stolen");
    expect((await peer.next(code.attach)).fields[1]).toBe(1);
    expect(server.log).toEqual(["held mine", "withdrawn mine"]);
  });

  it("answers a drain without credit and without messages", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(1, "a");
    await peer.next(code.attach);
    peer.credit(1, 0, 0, { drain: true });
    const none = await peer.next(code.flow);
    expect(none.fields.slice(4, 9)).toEqual([1, 0, 0, 0, true]);
    peer.credit(1, 3, 0, { drain: true });
    const three = await peer.next(code.flow);
    expect(three.fields.slice(4, 9)).toEqual([1, 3, 0, 0, true]);
  });

  it("whose peer settles second gets our settled word after its own", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    await peer.next(code.attach);
    for (let id = 0; id < 3; id++) peer.transfer(0, id, Buffer.from(`m${id}`));
    peer.attachReceiver(1, "a");
    await peer.next(code.attach);
    peer.credit(1, 3);
    for (let id = 0; id < 3; id++) expect((await peer.next(code.transfer)).fields[1]).toBe(id);
    peer.frames.length = 0;
    peer.send(0, code.disposition, [true, uint(0), uint(2), false, accepted]);
    const answer = await peer.next(code.disposition);
    expect(answer.fields.slice(0, 4)).toEqual([false, 0, 2, true]);
    expect(server.log).toEqual(["accepted", "accepted", "accepted"]);
  });

  it("settles what is unsettled within a range of the whole number space, and no more", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachSender(0, "a");
    await peer.next(code.attach);
    for (let id = 0; id < 3; id++) peer.transfer(0, id, Buffer.from(`m${id}`));
    peer.attachReceiver(1, "a");
    peer.credit(1, 3);
    await peer.next(code.transfer);
    peer.send(0, code.disposition, [true, uint(0), uint(0xffff_ffff), true, accepted]);
    peer.send(0, code.disposition, [true, uint(0), uint(0xffff_ffff), true, accepted]);
    peer.send(0, code.disposition, [false, uint(0), uint(0xffff_ffff), true, accepted]);
    await peer.sync();
    expect(server.log).toEqual(Array.from({ length: 3 }, () => "accepted settled"));
  });
});
