import type { DequeuedMessageItem, QueueClient } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { azuriteQueues, refusal, until } from "./queues.js";

const queues = azuriteQueues();

async function received(queue: QueueClient, options = {}): Promise<DequeuedMessageItem> {
  const { receivedMessageItems } = await queue.receiveMessages(options);
  const [item] = receivedMessageItems;
  if (item === undefined) throw new Error("nothing was received");
  return item;
}

const days = (from: Date, to: Date): number => Math.round((to.getTime() - from.getTime()) / 86_400_000);

/** What the adapter builds on, shown with Microsoft's client alone. */
describe("a storage queue", () => {
  it("SQ-1: takes a message of 64 KiB as it is encoded, and no more", async () => {
    const queue = await queues.create("size");
    await queue.sendMessage("x".repeat(65_536));
    expect(await refusal(queue.sendMessage("x".repeat(65_537)))).toBe("RequestBodyTooLarge");
  });

  it("SQ-2: keeps a message for 7 days, for ever with -1, and refuses 0", async () => {
    const queue = await queues.create("ttl");
    const week = await queue.sendMessage("a");
    expect(days(week.insertedOn, week.expiresOn)).toBe(7);
    const ever = await queue.sendMessage("b", { messageTimeToLive: -1 });
    expect(ever.expiresOn.getUTCFullYear()).toBe(9999);
    expect(await refusal(queue.sendMessage("c", { messageTimeToLive: 0 }))).toBe(
      "InvalidQueryParameterValue",
    );
  });

  it("SQ-3: refuses a message that would be visible only after its time to live", async () => {
    const queue = await queues.create("late");
    const options = { messageTimeToLive: 10, visibilityTimeout: 10 };
    expect(await refusal(queue.sendMessage("a", options))).toBe("InvalidQueryParameterValue");
    await queue.sendMessage("a", { ...options, visibilityTimeout: 9 });
  });

  it("SQ-4: hides a delayed message until its time", async () => {
    const queue = await queues.create("delay");
    const { nextVisibleOn } = await queue.sendMessage("a", { visibilityTimeout: 1 });
    const item = await until(async () => (await queue.receiveMessages()).receivedMessageItems[0]);
    const atMs = item.nextVisibleOn.getTime() - 30_000;
    expect(atMs).toBeGreaterThanOrEqual(nextVisibleOn.getTime() - 1_000);
  });

  it("SQ-5: gives 1 message by default, 32 at most, and refuses to give 33", async () => {
    const queue = await queues.create("count");
    await Promise.all(Array.from({ length: 40 }, (_, n) => queue.sendMessage(String(n))));
    expect((await queue.receiveMessages()).receivedMessageItems).toHaveLength(1);
    expect((await queue.receiveMessages({ numberOfMessages: 32 })).receivedMessageItems).toHaveLength(32);
    expect(await refusal(queue.receiveMessages({ numberOfMessages: 33 }))).toBe(
      "OutOfRangeQueryParameterValue",
    );
  });

  it("SQ-6: hides what it gave for 30 seconds by default, from 1 second to 7 days if told", async () => {
    const queue = await queues.create("visibility");
    await Promise.all(["a", "b", "c"].map((text) => queue.sendMessage(text)));
    const hiddenMs = async (seconds?: number): Promise<number> => {
      const options = seconds === undefined ? {} : { visibilityTimeout: seconds };
      const answer = await queue.receiveMessages(options);
      const [item] = answer.receivedMessageItems;
      return Math.round(((item?.nextVisibleOn.getTime() ?? 0) - (answer.date?.getTime() ?? 0)) / 1_000);
    };
    expect([await hiddenMs(), await hiddenMs(604_800)]).toEqual([30, 604_800]);
    expect(await hiddenMs(1)).toBe(1);
    for (const seconds of [0, 604_801])
      expect(await refusal(queue.receiveMessages({ visibilityTimeout: seconds }))).toBeDefined();
  });

  it("SQ-7, SQ-8, SQ-9: counts what it gives from 1, with a receipt, and gives it again after its time", async () => {
    const queue = await queues.create("again");
    await queue.sendMessage("a");
    const first = await received(queue, { visibilityTimeout: 1 });
    expect([first.dequeueCount, first.popReceipt.length > 0]).toEqual([1, true]);
    expect((await queue.receiveMessages()).receivedMessageItems).toEqual([]);
    const again = await until(async () => (await queue.receiveMessages()).receivedMessageItems[0]);
    expect([again.messageId, again.dequeueCount]).toEqual([first.messageId, 2]);
  });

  it("SQ-10: knows only the receipt of the last receive", async () => {
    const queue = await queues.create("receipts");
    await queue.sendMessage("a");
    const first = await received(queue, { visibilityTimeout: 1 });
    const second = await until(async () => (await queue.receiveMessages()).receivedMessageItems[0]);
    expect(second.popReceipt).not.toBe(first.popReceipt);
    expect(await refusal(queue.deleteMessage(first.messageId, first.popReceipt))).toBe("PopReceiptMismatch");
  });

  it("SQ-11: deletes once, and does not find it the second time", async () => {
    const queue = await queues.create("delete");
    await queue.sendMessage("a");
    const { messageId, popReceipt } = await received(queue);
    await queue.deleteMessage(messageId, popReceipt);
    expect(await refusal(queue.deleteMessage(messageId, popReceipt))).toBe("MessageNotFound");
  });

  it("SQ-12: changes visibility, text and receipt in an update, and shows it at once with 0", async () => {
    const queue = await queues.create("update");
    await queue.sendMessage("a");
    const { messageId, popReceipt } = await received(queue);
    const updated = await queue.updateMessage(messageId, popReceipt, "b", 0);
    expect(updated.popReceipt).not.toBe(popReceipt);
    expect((await received(queue)).messageText).toBe("b");
  });

  it("SQ-13: shows messages without a receipt, and without changing them", async () => {
    const queue = await queues.create("peek");
    await queue.sendMessage("a");
    const { peekedMessageItems } = await queue.peekMessages();
    expect(peekedMessageItems.map((item) => "popReceipt" in item)).toEqual([false]);
    expect((await received(queue)).dequeueCount).toBe(1);
  });

  it("SQ-14: does not give what has expired", async () => {
    const queue = await queues.create("expired");
    await queue.sendMessage("a", { messageTimeToLive: 1 });
    await until(async () =>
      (await queue.peekMessages()).peekedMessageItems.length === 0 ? true : undefined,
    );
    expect((await queue.receiveMessages()).receivedMessageItems).toEqual([]);
  });

  it("SQ-15, SQ-16: counts what is invisible, too, and is empty once it is cleared", async () => {
    const queue = await queues.create("clear");
    await Promise.all(["a", "b"].map((text) => queue.sendMessage(text)));
    await received(queue);
    expect((await queue.getProperties()).approximateMessagesCount).toBe(2);
    await queue.clearMessages();
    expect((await queue.getProperties()).approximateMessagesCount).toBe(0);
  });

  it("SQ-17: reports a queue that is missing, and a name that is taken unless all metadata is the same", async () => {
    const missing = queues.client().getQueueClient("missing");
    expect(await refusal(missing.sendMessage("a"))).toBe("QueueNotFound");
    const queue = await queues.create("taken");
    expect(await refusal(queue.create())).toBeUndefined();
    expect(await refusal(queue.create({ metadata: { owner: "somebody" } }))).toBe("QueueAlreadyExists");
  });

  it("SQ-18: answers a receive of an empty queue at once", async () => {
    const queue = await queues.create("empty");
    expect((await queue.receiveMessages()).receivedMessageItems).toEqual([]);
  });
});
