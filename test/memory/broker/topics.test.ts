import { describe, expect, it } from "vitest";
import type { Broker } from "../../../adapters/memory/broker/broker.js";
import type { RuleDescription } from "../../../adapters/memory/broker/rules/rule.js";
import { expectRefusal, message, newBroker, sendTexts, takeOne, texts } from "./fixtures.js";

/** A broker with topic `t` and subscription `s`, which has these rules. */
function topicBroker(rules?: readonly RuleDescription[]): Broker {
  const broker = newBroker();
  broker.createTopic("t");
  broker.createSubscription("t", "s", rules === undefined ? {} : { rules });
  return broker;
}

const sql = (name: string, expression: string, action?: string): RuleDescription => ({
  name,
  filter: { type: "sql", expression },
  ...(action === undefined ? {} : { action: { type: "sql", expression: action } }),
});

const selected = (broker: Broker): string[] => texts(broker.peek("t/Subscriptions/s", { count: 99 }));

describe("topics and rules", () => {
  it("SB-96: a new subscription has the rule $Default, and without any rule it gets nothing", () => {
    const broker = topicBroker();
    expect(broker.rules("t", "s")).toEqual([{ name: "$Default", filter: { type: "true" } }]);
    sendTexts(broker, "t", "a");
    broker.removeRule("t", "s", "$Default");
    sendTexts(broker, "t", "b");
    expect(selected(broker)).toEqual(["a"]);
    expectRefusal(() => {
      broker.removeRule("t", "s", "$Default");
    }, "amqp:not-found");
  });

  it("SB-97: five matching rules, two of them with actions, make three copies", () => {
    const broker = topicBroker([
      sql("one", "1 = 1"),
      sql("two", "2 = 2"),
      { name: "three", filter: { type: "true" } },
      sql("four", "4 = 4", "SET by = 'four'"),
      sql("five", "5 = 5", "SET by = 'five'"),
    ]);
    sendTexts(broker, "t", "a");
    const copies = broker.peek("t/Subscriptions/s", { count: 9 });
    expect(copies.map(({ message: copy }) => copy.applicationProperties?.["by"]).sort()).toEqual([
      "five",
      "four",
      undefined,
    ]);
  });

  it("SB-98: the copy of an action carries the name of its rule", () => {
    const broker = topicBroker([sql("mark", "1 = 1", "SET marked = 1")]);
    sendTexts(broker, "t", "a");
    const [copy] = broker.peek("t/Subscriptions/s");
    expect(copy?.message.applicationProperties?.["RuleName"]).toBe("mark");
  });

  it("SB-99: correlation filters compare case-sensitively and need every condition", () => {
    const filter = { type: "correlation", subject: "Red", properties: { size: 5 } } as const;
    const broker = topicBroker([{ name: "red", filter }]);
    broker.send("t", [
      message("both", { subject: "Red", applicationProperties: { size: 5 } }),
      message("case", { subject: "red", applicationProperties: { size: 5 } }),
      message("one", { subject: "Red" }),
    ]);
    expect(selected(broker)).toEqual(["both"]);
  });

  it("SB-100: SQL names are case-insensitive, of the user's unless they say sys.", () => {
    const broker = topicBroker([sql("r", "COLOR = 'red' AND sys.Label = 'x'")]);
    broker.send("t", [
      message("a", { subject: "x", applicationProperties: { Color: "red" } }),
      message("b", { applicationProperties: { color: "red", Label: "x" } }),
    ]);
    expect(selected(broker)).toEqual(["a"]);
  });

  it.each([
    { statement: "SB-101", expression: "missing = 1", selects: false },
    { statement: "SB-101", expression: "NOT (missing = 1)", selects: false },
    { statement: "SB-102", expression: "missing IS NULL", selects: true },
    { statement: "SB-102", expression: "NOT EXISTS(missing)", selects: true },
    { statement: "SB-103", expression: "name LIKE 'a_c%'", selects: true },
    { statement: "SB-103", expression: "name LIKE 'a!_c%' ESCAPE '!'", selects: false },
    { statement: "SB-103", expression: "name IN ('abcd', 'x')", selects: true },
    { statement: "SB-103", expression: "missing NOT IN ('x')", selects: false },
  ])("$statement: a subscription with `$expression` selects: $selects", ({ expression, selects }) => {
    const broker = topicBroker([sql("r", expression)]);
    broker.send("t", [message("a", { applicationProperties: { name: "abcd" } })]);
    expect(selected(broker)).toEqual(selects ? ["a"] : []);
  });

  it("SB-104: a filter on an unknown system property dead-letters what it cannot judge", () => {
    const broker = topicBroker([sql("r", "sys.Unknown = 1")]);
    sendTexts(broker, "t", "a");
    expect(selected(broker)).toEqual([]);
    expect(broker.getSubscription("t", "s").counts.deadLetter).toBe(1);
  });

  it("SB-105: SET and REMOVE change the copy of their rule only", () => {
    const broker = topicBroker([sql("r", "1 = 1", "SET a = 2; SET c = 3; REMOVE b")]);
    broker.createSubscription("t", "plain");
    broker.send("t", [message("m", { applicationProperties: { a: 1, b: 1 } })]);
    const [changed] = broker.peek("t/Subscriptions/s");
    const [plain] = broker.peek("t/Subscriptions/plain");
    expect(changed?.message.applicationProperties).toEqual({ a: 2, c: 3, RuleName: "r" });
    expect(plain?.message.applicationProperties).toEqual({ a: 1, b: 1 });
  });

  it("gives each subscription its own message, whose properties nobody can change for the others", () => {
    const broker = topicBroker();
    broker.createSubscription("t", "other");
    broker.send("t", [message("m", { applicationProperties: { a: 1 } })]);
    const one = takeOne(broker.attachReceiver("t/Subscriptions/s"));
    expect(Object.isFrozen(one.message.applicationProperties)).toBe(true);
    const other = broker.attachReceiver("t/Subscriptions/other");
    other.abandon(takeOne(other), { a: 2 });
    expect(one.message.applicationProperties).toEqual({ a: 1 });
  });

  it("a rule added later concerns later messages; rules are listed by name", () => {
    const broker = topicBroker([]);
    sendTexts(broker, "t", "a");
    broker.addRule("t", "s", sql("z", "1 = 1"));
    broker.addRule("t", "s", sql("b", "1 = 2"));
    sendTexts(broker, "t", "b");
    expect(selected(broker)).toEqual(["b"]);
    expect(broker.rules("t", "s").map(({ name }) => name)).toEqual(["b", "z"]);
  });

  it("refuses a rule that does not parse and keeps the old ones", () => {
    const broker = topicBroker();
    expectRefusal(() => {
      broker.addRule("t", "s", sql("bad", "a ="));
    }, "com.microsoft:argument-error");
    expect(broker.rules("t", "s")).toHaveLength(1);
  });
});
