import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, startBus } from "./bus.js";

describe("peeking", () => {
  it("shows messages in order without locking them, and goes on where it stopped", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 }, { body: 2 }, { body: 3 });
    const receiver = client.createReceiver("q");
    const first = await receiver.peekMessages(2);
    expect(bodiesOf(first)).toEqual([1, 2]);
    expect(first[0]?.lockToken).toBeUndefined();
    expect(bodiesOf(await receiver.peekMessages(2))).toEqual([3]);
    expect(await receiver.peekMessages(2)).toEqual([]);
    const fromSequenceNumber = first[1]?.sequenceNumber ?? expect.fail("a message has a number");
    expect(bodiesOf(await receiver.peekMessages(5, { fromSequenceNumber }))).toEqual([2, 3]);
    expect((await receiveOne(receiver)).deliveryCount).toBe(0);
  });

  it("shows locked and deferred messages, not dead ones", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "locked" }, { body: "deferred" }, { body: "dead" });
    const receiver = client.createReceiver("q");
    await receiveOne(receiver);
    await receiver.deferMessage(await receiveOne(receiver));
    await receiver.deadLetterMessage(await receiveOne(receiver));
    const peeked = await client.createReceiver("q").peekMessages(5);
    expect(peeked.map(({ body, state }) => [body as unknown, state])).toEqual([
      ["locked", "active"],
      ["deferred", "deferred"],
    ]);
    const graves = client.createReceiver("q", { subQueueType: "deadLetter" });
    expect(bodiesOf(await graves.peekMessages(5))).toEqual(["dead"]);
  });

  it("leaves the rest to the next look when messages are large", async () => {
    const { broker, client, namespace } = await startBus();
    broker.createQueue("q");
    namespace.enter(() => {
      for (let n = 0; n < 30; n += 1) {
        broker.send("q", [{ body: Buffer.alloc(200_000), messageId: String(n) }]);
      }
    });
    const receiver = client.createReceiver("q");
    const first = await receiver.peekMessages(50);
    expect(first.length).toBe(20);
    expect((await receiver.peekMessages(50)).map(({ messageId }) => messageId)[0]).toBe("20");
  });

  it("shows the messages of one session to its holder", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { requiresSession: true });
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }, { body: 3, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    expect(bodiesOf(await session.peekMessages(5))).toEqual([1, 3]);
  });

  it("is refused on a queue that is disabled for sends", async () => {
    const { broker, client } = await startBus();
    broker.createQueue("q", { status: "SendDisabled" });
    await expect(client.createReceiver("q").peekMessages(1)).rejects.toMatchObject({
      code: "MessagingEntityDisabled",
    });
  });

  it.each([
    ["an unknown queue", "nothing", undefined],
    ["an unknown subscription", "t", "nothing"],
  ])("is refused on %s", async (_what, entity, subscription) => {
    const { broker, client } = await startBus();
    broker.createTopic("t");
    const receiver =
      subscription === undefined
        ? client.createReceiver(entity)
        : client.createReceiver(entity, subscription);
    await expect(receiver.peekMessages(1)).rejects.toMatchObject({ code: "MessagingEntityNotFound" });
  });
});
