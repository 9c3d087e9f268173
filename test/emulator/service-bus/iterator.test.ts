import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import { describe, expect, it } from "vitest";
import { startBus } from "./bus.js";

/** The bodies of the next messages, each settled. */
async function walked(
  messages: AsyncIterable<ServiceBusReceivedMessage>,
  count: number,
  settle: (message: ServiceBusReceivedMessage) => Promise<void>,
): Promise<unknown[]> {
  const bodies: unknown[] = [];
  for await (const message of messages) {
    bodies.push(message.body);
    await settle(message);
    if (bodies.length === count) break;
  }
  return bodies;
}

describe("an iterator", () => {
  it("walks through messages, also through those that come while it waits", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 }, { body: 2 });
    const receiver = client.createReceiver("q");
    const walk = walked(receiver.getMessageIterator(), 3, (message) => receiver.completeMessage(message));
    await send("q", { body: 3 });
    expect(await walk).toEqual([1, 2, 3]);
    expect(broker.getQueue("q").counts.active).toBe(0);
  });

  it("walks through one session", async () => {
    const { broker, client, send } = await startBus();
    broker.createQueue("q", { requiresSession: true });
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }, { body: 3, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    const walk = walked(session.getMessageIterator(), 2, (message) => session.completeMessage(message));
    expect(await walk).toEqual([1, 3]);
  });
});
