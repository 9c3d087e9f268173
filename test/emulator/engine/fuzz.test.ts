import fc from "fast-check";
import { expect, it } from "vitest";
import { uint } from "../../../tools/emulator/amqp/engine/codec.js";
import { Described } from "../../../tools/emulator/amqp/engine/engine.js";
import { startEchoServer } from "./echo-server.js";
import { RawPeer, amqpHeader, code, rawFrame, saslHeader, saslInit, source, target } from "./raw-peer.js";

/** What an ordinary client says, one frame each. */
const conversation: readonly Buffer[] = [
  saslHeader,
  saslInit("PLAIN", "\0root\0secret"),
  amqpHeader,
  rawFrame(0, code.open, ["fuzz", "host", uint(4_096)]),
  rawFrame(0, code.begin, [null, uint(0), uint(100), uint(100)]),
  rawFrame(0, code.attach, ["s", uint(0), false, null, null, source(null), target("a"), null, null, uint(0)]),
  rawFrame(0, code.attach, ["r", uint(1), true, null, null, source("a"), target(null)]),
  rawFrame(0, code.flow, [uint(0), uint(100), uint(0), uint(100), uint(1), uint(0), uint(50)]),
  rawFrame(0, code.transfer, [uint(0), uint(0), Buffer.of(1), uint(0), false, true], Buffer.from("half")),
  rawFrame(0, code.transfer, [uint(0), null, null, null, null, false], Buffer.from("whole")),
  rawFrame(0, code.disposition, [
    true,
    uint(0),
    uint(9),
    false,
    new Described(0x27, [true, false, new Map([["a", 1]])]),
  ]),
  rawFrame(0, code.disposition, [
    true,
    uint(0),
    null,
    true,
    new Described(0x25, [new Described(0x1d, ["a:b", "why"])]),
  ]),
  rawFrame(0, code.attach, ["w", uint(2), true, null, null, source("silent"), target(null)]),
  rawFrame(0, code.detach, [uint(1), true]),
  rawFrame(0, code.end, []),
  rawFrame(0, code.close, []),
];

/** How a fuzzed frame differs from an ordinary one. */
type Change = readonly ["pass" | "skip" | "twice" | "byte" | "cut" | "noise", number, number];

const change: fc.Arbitrary<Change> = fc.tuple(
  fc.constantFrom("pass", "pass", "pass", "skip", "twice", "byte", "byte", "byte", "cut", "noise"),
  fc.nat(),
  fc.nat(255),
);

function changed(frame: Buffer, [kind, at, byte]: Change): Buffer {
  const copy = Buffer.from(frame);
  switch (kind) {
    case "skip":
      return Buffer.alloc(0);
    case "twice":
      return Buffer.concat([frame, frame]);
    case "byte":
      copy[at % copy.length] = byte;
      return copy;
    case "cut":
      return copy.subarray(0, at % copy.length);
    case "noise":
      return Buffer.concat([frame, Buffer.of(byte, at & 0xff, byte ^ 0xff)]);
    default:
      return frame;
  }
}

it("survives whatever is sent to it, and serves the next peer", async () => {
  const server = await startEchoServer({ limits: { handshakeMs: 1_000 } });
  const script = fc.oneof(
    fc.array(change, { minLength: conversation.length, maxLength: conversation.length }),
    // Only one frame is wrong: the rest of the conversation is reached.
    fc
      .tuple(change, fc.nat(conversation.length - 1))
      .map(([only, index]) => conversation.map((_, at): Change => (at === index ? only : ["pass", 0, 0]))),
  );
  const says = fc.oneof(
    script.map((changes) =>
      Buffer.concat(conversation.map((frame, index) => changed(frame, changes[index]!))),
    ),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.concat([amqpHeader, conversation[3]!, bytes])),
    fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(says, fc.nat(50), async (bytes, cut) => {
      const peer = await RawPeer.connect(server.port);
      peer.socket.write(bytes.subarray(0, cut));
      peer.socket.end(bytes.subarray(cut));
      await peer.closed;
      const good = await RawPeer.open(server.port);
      await good.sync();
      good.socket.destroy();
    }),
    { numRuns: 300 },
  );
  expect(server.errors).toEqual([]);
  await server.close();
});
