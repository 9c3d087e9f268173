import type { DequeuedMessageItem, QueueServiceClient } from "@azure/storage-queue";
import { describe, expect, it } from "vitest";
import { deadLetterReceiver } from "../../adapters/storage-queue/dead-letter-receiver.js";
import { Clients } from "../../adapters/storage-queue/queue.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";

const item = (messageId: string): DequeuedMessageItem => ({
  messageId,
  insertedOn: new Date(0),
  expiresOn: new Date(8.64e15),
  popReceipt: "receipt",
  nextVisibleOn: new Date(0),
  dequeueCount: 1,
  messageText: "a letter",
});

/** A poison queue that gives out what the script says, a page of 32 per request; each takes so long. */
function poisonQueue(pageOf: (request: number) => readonly string[], takesMs = 0) {
  const runtime = virtualRuntime();
  let nowMs = 0;
  let requests = 0;
  const hidden: string[] = [];
  const client = {
    receiveMessages: () => {
      nowMs += takesMs;
      const ids = pageOf(requests);
      requests += 1;
      hidden.push(...ids);
      return Promise.resolve({ receivedMessageItems: ids.map(item) });
    },
    updateMessage: (messageId: string) => {
      hidden.splice(hidden.indexOf(messageId), 1);
      return Promise.resolve({});
    },
  };
  const clients = new Clients(() => ({ getQueueClient: () => client }) as unknown as QueueServiceClient);
  const queue = clients.queue("jobs-poison", { runtime, operationMs: 30_000 });
  const receiver = deadLetterReceiver(queue, { ...runtime, now: () => nowMs });
  return { receiver, hidden, requests: () => requests };
}

const page = (request: number): readonly string[] =>
  Array.from({ length: 32 }, (_, n) => String(request * 32 + n));

describe("a look for letters in a poison queue", () => {
  it("that are gone ends after ten requests, however many others there are, and puts those back", async () => {
    const { receiver, hidden, requests } = poisonQueue(page);
    expect(await receiver.take(["gone"])).toEqual([]);
    expect([requests(), hidden]).toEqual([10, []]);
  });

  it("ends after half a minute, before what it has taken comes back", async () => {
    const { receiver, hidden, requests } = poisonQueue(page, 10_000);
    expect(await receiver.take(["gone"])).toEqual([]);
    expect([requests(), hidden]).toEqual([3, []]);
  });

  it("ends when the same come again", async () => {
    const { receiver, requests } = poisonQueue((request) => page(request % 2));
    expect(await receiver.take(["gone"])).toEqual([]);
    expect(requests()).toBe(3);
  });

  it("ends when all are found, and keeps no others", async () => {
    const { receiver, hidden, requests } = poisonQueue(page);
    const taken = await receiver.take(["1", "40"]);
    expect(taken.map(({ broker }) => broker.messageId)).toEqual(["1", "40"]);
    expect([requests(), hidden]).toEqual([2, ["1", "40"]]);
  });
});
