import { describe, expect, it } from "vitest";
import { bodiesOf, deadBecause, receiveOne, receiveRest, startBus } from "./bus.js";

const minuteMs = 60_000;

describe("duplicate detection", () => {
  it("accepts a second message with the id of the first, and stores nothing", async () => {
    const { broker, clock, client, send } = await startBus();
    broker.createQueue("q", { requiresDuplicateDetection: true, duplicateDetectionWindowMs: 5 * minuteMs });
    await send("q", { body: 1, messageId: "same" });
    await send("q", { body: 2, messageId: "same" }, { body: 3, messageId: "other" });
    const receiver = client.createReceiver("q", { receiveMode: "receiveAndDelete" });
    expect(bodiesOf(await receiveRest(receiver))).toEqual([1, 3]);
    clock.advance(5 * minuteMs + 1_000);
    await send("q", { body: 4, messageId: "same" });
    expect(bodiesOf(await receiveRest(receiver))).toEqual([4]);
  });
});

describe("automatic forwarding", () => {
  it("moves messages on, as they were sent", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("end");
    broker.createQueue("start", { forwardTo: "end" });
    await send("start", { body: { a: 1 }, messageId: "m", applicationProperties: { p: 1 } });
    expect(await receiveOne(client.createReceiver("end"))).toMatchObject({
      body: { a: 1 },
      messageId: "m",
      applicationProperties: { p: 1 },
      enqueuedSequenceNumber: 1,
    });
  });

  it("of dead letters tells where they died", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("graveyard");
    broker.createQueue("q", { forwardDeadLetteredMessagesTo: "graveyard" });
    await send("q", { body: 1 });
    const receiver = client.createReceiver("q");
    await receiver.deadLetterMessage(await receiveOne(receiver), deadBecause("why"));
    expect(await receiveOne(client.createReceiver("graveyard"))).toMatchObject({
      deadLetterReason: "why",
      deadLetterSource: "q",
    });
  });

  it("from a subscription ends in the dead-letter queue after four hops", async () => {
    const { broker, client, send } = await startBus();
    for (const n of [6, 5, 4, 3, 2, 1]) {
      broker.createQueue(`q${String(n)}`, n === 6 ? {} : { forwardTo: `q${String(n + 1)}` });
    }
    await send("q1", { body: 1 });
    expect(await receiveRest(client.createReceiver("q6"))).toEqual([]);
    const graves = client.createReceiver("q5", { subQueueType: "deadLetter" });
    expect((await receiveOne(graves)).deadLetterReason).toBe("MaxTransferHopCountExceeded");
  });
});
