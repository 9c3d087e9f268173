import { describe, expect, it } from "vitest";
import { command, queue } from "waybill/contracts";
import type { Delivery, Receiver, Sender } from "waybill/transport";
import * as z from "zod";
import { StillRuntime } from "../differential/still-runtime.js";
import { until } from "../differential/until.js";
import { connectTo, receiving, startBus } from "./bus.js";

const charge = command("billing.charge", {
  version: 1,
  schema: z.object({ orderId: z.string() }),
  key: ({ orderId }) => orderId,
});
const billing = queue("billing", { messages: { charge }, ordered: "by-key" });
const source = { kind: "queue", channel: billing["~channel"], address: "billing" } as const;

const never = new AbortController().signal;

async function send(sender: Sender, ...ids: readonly string[]): Promise<void> {
  const envelope = { source: "test", type: "charge", headers: {}, history: {}, extensions: {}, key: "s" };
  await sender.send(ids.map((id) => ({ envelope: { ...envelope, id, body: Buffer.from(id) } })));
}

/** The next message, deferred, and fetched again by a receiver that asks for nothing else. */
async function deferOne(receiver: Receiver): Promise<Delivery | undefined> {
  const ending = new AbortController();
  const [delivery] = await receiver.receive(1, ending.signal);
  if (delivery === undefined) return undefined;
  ending.abort();
  await receiver.settle([{ delivery, action: { kind: "defer" } }]);
  const [deferred] = (await receiver.receiveDeferred?.([delivery.broker.sequenceNumber ?? ""])) ?? [];
  return deferred;
}

describe("a deferred message of a session", () => {
  it("is told to be lost when the session's lock runs out, although nothing was received of the session", async () => {
    const runtime = new StillRuntime();
    const emulator = await startBus({ contracts: [{ billing }], clock: runtime });
    const connection = await connectTo(emulator, { sources: [source], runtime });
    const lost: string[] = [];
    const receiver = connection.receiver(
      source,
      receiving({ onLost: ({ envelope }, { code }) => lost.push(`${envelope.id} ${code}`) }),
    );
    await send(connection.sender(source), "1");
    const deferred = await deferOne(receiver);

    await runtime.advance(60_000, () =>
      until(
        () => lost.length > 0 || runtime.elapsed() < 60_000,
        () => "a loss",
      ),
    );

    expect(deferred?.envelope.id).toBe("1");
    expect(lost).toEqual(["1 lockLost"]);
  });

  it("counts for perLane: nothing else of the session comes before it is settled", async () => {
    const emulator = await startBus({ contracts: [{ billing }] });
    const connection = await connectTo(emulator, { sources: [source] });
    const receiver = connection.receiver(source, receiving({ perLane: 1 }));
    await send(connection.sender(source), "1", "2");
    const deferred = await deferOne(receiver);
    if (deferred === undefined) throw new Error("nothing was deferred");

    const order: string[] = [];
    const next = Promise.resolve(receiver.receive(1, never)).then((got) => {
      order.push("received");
      return got;
    });
    await receiver.renew([deferred]);
    order.push("settled");
    await receiver.settle([{ delivery: deferred, action: { kind: "complete" } }]);

    expect((await next).map(({ envelope }) => envelope.id)).toEqual(["2"]);
    expect(order).toEqual(["settled", "received"]);
  });
});

describe("a session of which a handler has a message", () => {
  it("keeps what waits behind it, however long nobody asks, so that nothing overtakes it", async () => {
    const runtime = new StillRuntime();
    const emulator = await startBus({ contracts: [{ billing }], clock: runtime });
    const connection = await connectTo(emulator, { sources: [source], runtime });
    const receiver = connection.receiver(source, receiving({ perLane: 2 }));
    await send(connection.sender(source), "1", "2", "3");
    const first = await receiver.receive(1, never);
    // Over the same connection, so that the second has come before the answer does.
    await receiver.renew(first);

    await runtime.advance(2_000, () => Promise.resolve());
    const second = await receiver.receive(1, never);

    expect([...first, ...second].map(({ envelope }) => envelope.id)).toEqual(["1", "2"]);
  });
});
