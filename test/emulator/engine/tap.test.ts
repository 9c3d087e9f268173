import { afterEach, describe, expect, it } from "vitest";
import { uint } from "../../../tools/emulator/amqp/engine/codec.js";
import type { FrameFate, TappedFrame } from "../../../tools/emulator/amqp/engine/engine.js";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, code, conditionOf, rawFrame } from "./raw-peer.js";
import { connectRhea, event, openReceiver, openSender } from "./rhea-client.js";

let server: EchoServer;

afterEach(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});

/** A server with a tap that treats the frames of one kind and direction like this, in turn, and lets the others pass. */
async function startTapped(
  direction: TappedFrame["direction"],
  kind: TappedFrame["kind"],
  fates: FrameFate[],
): Promise<EchoServer> {
  return startEchoServer({
    tap: (frame) =>
      frame.direction === direction && frame.kind === kind ? (fates.shift() ?? "pass") : "pass",
  });
}

/** A peer that has sent these to `a` and can be sent back to. */
async function peerWith(...messages: string[]): Promise<RawPeer> {
  const peer = await RawPeer.open(server.port);
  peer.attachSender(0, "a");
  await peer.next(code.flow);
  messages.forEach((message, id) => peer.transfer(0, id, Buffer.from(message)));
  peer.attachReceiver(1, "a");
  await peer.next(code.attach);
  await peer.next(code.attach);
  return peer;
}

const received = async (peer: RawPeer, count: number): Promise<string[]> => {
  const texts: string[] = [];
  while (texts.length < count) texts.push((await peer.next(code.transfer)).payload.toString());
  return texts;
};

describe("a tap", () => {
  it("sees every frame of both directions", async () => {
    const seen: string[] = [];
    server = await startEchoServer({
      tap: ({ direction, kind }) => {
        // Empty frames go out when the peer has been silent for a moment, so their number is the machine's.
        if (kind !== "empty") seen.push(`${direction} ${kind}`);
        return "pass";
      },
    });
    const client = await connectRhea(server.port);
    const sender = await openSender(client, "a");
    sender.send({ body: Buffer.alloc(100_000) });
    await event(sender, "accepted");
    const receiver = await openReceiver(client, "a");
    receiver.add_credit(1);
    await event(receiver, "message");
    client.close();
    await event(client, "connection_close");
    expect(seen).toEqual([
      ...["in open", "out open", "in begin", "out begin", "in attach", "out attach", "out flow"],
      ...["in transfer", "in transfer", "out disposition", "out flow", "in attach", "out attach", "in flow"],
      ...["out transfer", "out transfer", "in close", "out close"],
    ]);
  });

  it("drops and doubles what comes in", async () => {
    server = await startTapped("in", "transfer", ["drop", "pass", "duplicate"]);
    const peer = await peerWith("one", "two", "three");
    peer.credit(1, 10);
    expect(await received(peer, 3)).toEqual(["two", "three", "three"]);
  });

  it("drops, doubles and replaces what goes out", async () => {
    const other = rawFrame(0, code.transfer, [uint(1), uint(2), Buffer.of(1)], Buffer.from("other"));
    server = await startTapped("out", "transfer", ["drop", "duplicate", { replaceWith: other }]);
    const peer = await peerWith("one", "two", "three");
    peer.credit(1, 10);
    expect(await received(peer, 3)).toEqual(["two", "two", "other"]);
  });

  it("holds back a frame, and everything behind it", async () => {
    server = await startTapped("out", "transfer", [{ delayMs: 30 }, "pass"]);
    const peer = await peerWith("one", "two");
    peer.credit(1, 10);
    await peer.sync();
    expect(await received(peer, 2)).toEqual(["one", "two"]);
    expect(peer.frames.filter((frame) => frame.code === code.transfer)).toEqual([]);
  });

  it("holds back what comes in, and everything behind it", async () => {
    server = await startTapped("in", "transfer", [{ delayMs: 30 }, "pass", { delayMs: 30 }]);
    const peer = await peerWith("one", "two", "three");
    peer.credit(1, 10);
    expect(await received(peer, 3)).toEqual(["one", "two", "three"]);
  });

  it("may break what comes in: that connection is closed as if the peer had sent it", async () => {
    server = await startTapped("in", "flow", [{ replaceWith: Buffer.from("00000009020000004d", "hex") }]);
    const peer = await peerWith();
    peer.credit(1, 10);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:decode-error");
  });

  it("lets go of what it holds when the peer leaves, and does not hold up the end of the server", async () => {
    server = await startTapped("out", "begin", [{ delayMs: 60_000 }]);
    const peer = await RawPeer.open(server.port, { begin: false });
    peer.begin(0);
    peer.send(0, code.close, []);
    await server.logged("closed raw");
    await peer.closed;
  });

  it("that throws closes the connection, and is told of", async () => {
    server = await startEchoServer({
      tap: ({ kind }) => {
        if (kind === "attach") throw new Error("tap");
        return "pass";
      },
    });
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a");
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:internal-error");
    expect(server.errors.splice(0)).toEqual([new Error("tap")]);
  });
});
