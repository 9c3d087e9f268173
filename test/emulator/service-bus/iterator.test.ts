import type { ServiceBusReceiver } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { startBus } from "./bus.js";

/** The bodies of the next messages, each completed. */
async function iterated(receiver: ServiceBusReceiver, count: number): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for await (const message of receiver.getMessageIterator()) {
    bodies.push(message.body);
    await receiver.completeMessage(message);
    if (bodies.length === count) break;
  }
  return bodies;
}

describe("an iterator", () => {
  it("walks through messages, also through those that come while it waits", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 }, { body: 2 });
    const walk = iterated(client.createReceiver("q"), 3);
    await send("q", { body: 3 });
    expect(await walk).toEqual([1, 2, 3]);
    expect(broker.getQueue("q").counts.active).toBe(0);
  });

  it("walks through one session", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { requiresSession: true });
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }, { body: 3, sessionId: "a" });
    expect(await iterated(await client.acceptSession("q", "a"), 2)).toEqual([1, 3]);
  });
});
