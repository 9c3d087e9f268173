import { describe, expect, it } from "vitest";
import type { RuleDescription } from "../../../adapters/memory/broker/rules/rule.js";
import {
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  sendTexts,
  startMs,
  texts,
} from "./fixtures.js";

describe("what administrators read", () => {
  it("tells when an entity was created, changed and last used", () => {
    const broker = queueBroker();
    later(broker, minute);
    broker.updateQueue("q", { maxDeliveryCount: 3 });
    expect(broker.getQueue("q")).toMatchObject({ createdMs: startMs, updatedMs: startMs + minute });
    expect(broker.getQueue("q").accessedMs).toBeUndefined();
    later(broker, minute);
    sendTexts(broker, "q", "a");
    expect(broker.getQueue("q").accessedMs).toBe(startMs + 2 * minute);
    later(broker, minute);
    broker.attachReceiver("q");
    expect(broker.getQueue("q").accessedMs).toBe(startMs + 3 * minute);
  });

  it("counts the acceptance of a session as a use", () => {
    const broker = queueBroker({ requiresSession: true });
    later(broker, minute);
    broker.acceptSession("q", "s");
    expect(broker.getQueue("q").accessedMs).toBe(startMs + minute);
  });

  it("keeps what else is written about an entity, and forgets it with the entity", () => {
    const broker = newBroker();
    broker.createTopic("t", { annotations: { owner: "billing" } });
    expect(broker.getTopic("t").annotations).toEqual({ owner: "billing" });
    broker.updateTopic("t", { annotations: { owner: "sales" } });
    expect(broker.getTopic("t").annotations).toEqual({ owner: "sales" });
    broker.deleteTopic("t");
    broker.createTopic("t");
    expect(broker.getTopic("t").annotations).toEqual({});
  });
});

describe("replacing a rule", () => {
  const sql = (name: string, expression: string): RuleDescription => ({
    name,
    filter: { type: "sql", expression },
  });

  it("decides about the messages that are published from then on", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s");
    broker.updateRule("t", "s", sql("$default", "sys.label = 'b'"));
    broker.send("t", [message("one", { subject: "a" }), message("two", { subject: "b" })]);
    expect(texts(broker.peek("t/Subscriptions/s", { count: 9 }))).toEqual(["two"]);
  });

  it("leaves the old rule when the new one is refused", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s", { rules: [sql("r", "a = 1")] });
    expectRefusal(() => broker.updateRule("t", "s", sql("r", "a = = 1")), "com.microsoft:argument-error");
    expectRefusal(() => broker.updateRule("t", "s", sql("other", "a = 1")), "amqp:not-found");
    expect(broker.rules("t", "s")).toEqual([sql("r", "a = 1")]);
  });
});
