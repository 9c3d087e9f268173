import { describe, expect, it } from "vitest";
import { bodiesOf, receiveOne, receiveRest, startBus, type Bus } from "./bus.js";

async function topicBus(): Promise<Bus> {
  const bus = await startBus();
  bus.broker.createTopic("t");
  bus.broker.createSubscription("t", "s");
  return bus;
}

describe("topics", () => {
  it("give every subscription its own copy, numbered by itself", async () => {
    const { broker, client, send } = await topicBus();
    broker.createSubscription("t", "other");
    await send("t", { body: 1, applicationProperties: { a: 1 } });
    for (const name of ["s", "other"]) {
      const copy = await receiveOne(client.createReceiver("t", name));
      expect(copy).toMatchObject({ body: 1, applicationProperties: { a: 1 }, enqueuedSequenceNumber: 1 });
    }
  });

  it("bury a message without session id for a subscription that requires one", async () => {
    const { broker, client, send } = await topicBus();
    broker.createSubscription("t", "sessions", { requiresSession: true });
    await send("t", { body: 1 });
    const graves = client.createReceiver("t", "sessions", { subQueueType: "deadLetter" });
    expect((await receiveOne(graves)).deadLetterErrorDescription).toMatch(/doesn't allow a message whose/);
  });
});

describe("rules", () => {
  it("begin with one that selects everything", async () => {
    const { client } = await topicBus();
    const rules = client.createRuleManager("t", "s").listRules();
    expect(await collect(rules)).toEqual([
      { name: "$Default", filter: { sqlExpression: "1=1" }, action: {} },
    ]);
  });

  it("select by SQL, and are listed by name", async () => {
    const { client, send } = await topicBus();
    const manager = client.createRuleManager("t", "s");
    await manager.createRule("z", { sqlExpression: "color = 'red' AND sys.Label = 'fast'" });
    await manager.createRule("b", { sqlExpression: "price > 10" });
    await manager.deleteRule("$Default");
    expect(await collect(manager.listRules())).toEqual([
      { name: "b", filter: { sqlExpression: "price > 10" }, action: {} },
      { name: "z", filter: { sqlExpression: "color = 'red' AND sys.Label = 'fast'" }, action: {} },
    ]);
    await send(
      "t",
      { body: 1, subject: "fast", applicationProperties: { Color: "red" } },
      { body: 2, subject: "slow", applicationProperties: { Color: "red" } },
      { body: 3, applicationProperties: { price: 11 } },
      { body: 4, applicationProperties: { price: 10 } },
    );
    expect(bodiesOf(await receiveRest(client.createReceiver("t", "s")))).toEqual([1, 3]);
  });

  it("select by correlation, and give back every condition", async () => {
    const { client, send } = await topicBus();
    const manager = client.createRuleManager("t", "s");
    const filter = {
      correlationId: "c",
      messageId: "m",
      to: "to",
      replyTo: "r",
      subject: "l",
      sessionId: "s",
      replyToSessionId: "rs",
      contentType: "ct",
      applicationProperties: { text: "t", number: 1.5, whole: 3, yes: true, when: new Date(5_000) },
    };
    await manager.createRule("all", filter);
    const rules = await collect(manager.listRules());
    expect(rules.find(({ name }) => name === "all")?.filter).toEqual(filter);
    await manager.deleteRule("all");
    await manager.createRule("some", { correlationId: "c", applicationProperties: { n: 3 } });
    await manager.deleteRule("$Default");
    await send(
      "t",
      { body: 1, correlationId: "c", applicationProperties: { n: 3 } },
      { body: 2, correlationId: "x", applicationProperties: { n: 3 } },
      { body: 3, correlationId: "c", applicationProperties: { n: 4 } },
    );
    expect(bodiesOf(await receiveRest(client.createReceiver("t", "s")))).toEqual([1]);
  });

  it("change their copy by an action", async () => {
    const { client, send } = await topicBus();
    const manager = client.createRuleManager("t", "s");
    await manager.createRule(
      "act",
      { sqlExpression: "price > 10" },
      { sqlExpression: "SET priority = 'high'; SET sys.Label = 'dear'; SET price = 7; REMOVE gone" },
    );
    await manager.deleteRule("$Default");
    expect((await collect(manager.listRules()))[0]?.action).toEqual({
      sqlExpression: "SET priority = 'high'; SET sys.Label = 'dear'; SET price = 7; REMOVE gone",
    });
    await send("t", {
      body: { kept: 1 },
      messageId: "m",
      applicationProperties: { price: 12, gone: 1, kept: true },
    });
    const received = await receiveOne(client.createReceiver("t", "s"));
    expect(received).toMatchObject({ body: { kept: 1 }, messageId: "m", subject: "dear" });
    expect(received.applicationProperties).toEqual({
      price: 7,
      kept: true,
      priority: "high",
      RuleName: "act",
    });
  });

  it("are refused when the name is taken, unknown, or the text is no SQL", async () => {
    const { client } = await topicBus();
    const manager = client.createRuleManager("t", "s");
    await expect(manager.createRule("$Default", { sqlExpression: "1=1" })).rejects.toMatchObject({
      code: "MessagingEntityAlreadyExists",
      message: expect.stringMatching(/The messaging entity '.*\$Default' already exists/) as string,
    });
    await expect(manager.deleteRule("nothing")).rejects.toMatchObject({ code: "MessagingEntityNotFound" });
    await expect(manager.createRule("bad", { sqlExpression: "color == 1" })).rejects.toMatchObject({
      name: "ServiceBusError",
      message: expect.stringMatching(/at character/) as string,
    });
  });

  it("without any, a subscription gets nothing", async () => {
    const { client, send } = await topicBus();
    const manager = client.createRuleManager("t", "s");
    await manager.deleteRule("$Default");
    expect(await collect(manager.listRules())).toEqual([]);
    await send("t", { body: 1 });
    expect(await receiveRest(client.createReceiver("t", "s"))).toEqual([]);
  });
});

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  // Of nothing the SDK (7.9.5) makes one undefined.
  for await (const value of values) if (value !== undefined) collected.push(value);
  return collected;
}
