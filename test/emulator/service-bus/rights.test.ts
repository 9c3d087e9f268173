import { describe, expect, it } from "vitest";
import { rootRule } from "../../../tools/emulator/security/access-rule.js";
import { bodiesOf, receiveOne, startBus, type Bus } from "./bus.js";

const sender = { name: "sender", key: "a key", rights: ["Send"] } as const;
const listener = { name: "listener", key: "another key", rights: ["Listen"] } as const;
const due = new Date(4e12);
const unauthorized = { name: "ServiceBusError", code: "UnauthorizedAccess" };

async function guardedBus(): Promise<Bus> {
  const bus = await startBus({ auth: { rules: [rootRule, sender, listener] } });
  bus.broker.createQueue("q");
  bus.broker.createTopic("t");
  bus.broker.createSubscription("t", "s");
  return bus;
}

describe("a client with the right to send", () => {
  it("sends and schedules", async () => {
    const { broker, connect } = await guardedBus();
    const link = connect(5_000, sender).createSender("q");
    await link.sendMessages({ body: 1 });
    await link.cancelScheduledMessages(await link.scheduleMessages({ body: 2 }, due));
    expect(broker.getQueue("q").counts).toMatchObject({ active: 1, scheduled: 0 });
  });

  it("may not receive, peek, or list rules", async () => {
    const { connect } = await guardedBus();
    const client = connect(5_000, sender);
    const received = client.createReceiver("q").receiveMessages(1, { maxWaitTimeInMs: 50 });
    await expect(received).rejects.toMatchObject({
      ...unauthorized,
      message: expect.stringMatching(/'Listen' claim\(s\) are required/) as string,
    });
    await expect(client.createReceiver("q").peekMessages(1)).rejects.toMatchObject(unauthorized);
    const rules = client.createRuleManager("t", "s").listRules();
    await expect(rules.next()).rejects.toMatchObject(unauthorized);
  });
});

describe("a client with the right to listen", () => {
  it("receives, settles, peeks, and manages rules", async () => {
    const { connect, send } = await guardedBus();
    await send("q", { body: 1 });
    await send("t", { body: 2 });
    const client = connect(5_000, listener);
    expect(bodiesOf(await client.createReceiver("t", "s").peekMessages(1))).toEqual([2]);
    const receiver = client.createReceiver("q");
    await receiver.completeMessage(await receiveOne(receiver));
    await client.createRuleManager("t", "s").createRule("more", { sqlExpression: "1=0" });
  });

  it("may not send or schedule", async () => {
    const { connect } = await guardedBus();
    const link = connect(5_000, listener).createSender("q");
    await expect(link.sendMessages({ body: 1 })).rejects.toMatchObject(unauthorized);
    await expect(link.scheduleMessages({ body: 1 }, due)).rejects.toMatchObject(unauthorized);
  });
});
