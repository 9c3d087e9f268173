import { describe, expect, it } from "vitest";
import { subscriptionRules } from "../../adapters/memory/broker/channels/subscription-rules.js";
import type { MessageFilter } from "../../src/transport/index.js";
import {
  complete,
  envelope,
  Fixture,
  ids,
  now,
  send,
  settle,
  subscriptionSource,
} from "./adapter-fixture.js";

function open(filters: Readonly<Record<string, MessageFilter>>) {
  const fixture = new Fixture();
  const sources = Object.entries(filters).map(([name, filter]) => subscriptionSource("t", name, filter));
  const connection = fixture.connect(sources);
  const receivers = Object.fromEntries(
    sources.map((source) => [source.subscription, fixture.receiver(connection, source)]),
  );
  return { fixture, connection, topic: sources[0]!, read: (name: string) => ids(now(receivers[name]!, 100)) };
}

const every: MessageFilter = { types: undefined };

describe("a subscription", () => {
  it("gets its own copy of every message", () => {
    const { connection, topic, read } = open({ a: every, b: every });
    send(connection, topic, envelope("1"));
    expect([read("a"), read("b")]).toEqual([["1"], ["1"]]);
  });

  it("gets only the types that its filter names", () => {
    const { connection, topic, read } = open({ a: { types: ["t.one", "it's"] }, b: { types: [] } });
    send(
      connection,
      topic,
      envelope("1", { type: "t.one" }),
      envelope("2", { type: "t.two" }),
      envelope("3", { type: "it's" }),
    );
    expect([read("a"), read("b")]).toEqual([["1", "3"], []]);
  });

  it.each([
    ["a text", { region: "eu" }],
    ["a text with a quote", { region: "o'eu" }],
    ["a number", { n: -1.5 }],
    ["a boolean", { big: true }],
    ["a name that is no SQL name", { "x-my.header]": "v" }],
  ])("gets only messages whose header is %s", (_what, where) => {
    const { connection, topic, read } = open({ a: { types: undefined, where } });
    send(
      connection,
      topic,
      envelope("1", { headers: where }),
      envelope("2"),
      envelope("3", { headers: { n: 2 } }),
    );
    expect(read("a")).toEqual(["1"]);
  });

  it("gets nothing that is addressed to another", () => {
    const { connection, topic, read } = open({ a: every, b: { types: ["test.thing"] } });
    send(connection, topic, envelope("1", { history: { addressedTo: "b" } }), envelope("2"));
    expect([read("a"), read("b")]).toEqual([["2"], ["1", "2"]]);
  });

  it("gets a message once, however many rules its types need", () => {
    const types = Array.from(
      { length: 60 },
      (_, n) => `company.department.team.something-happened-${String(n)}`,
    );
    const rules = subscriptionRules("a", { types, where: { region: "eu" } });
    expect(rules.length).toBeGreaterThan(2);
    for (const { filter } of rules) {
      expect(filter.type === "sql" && filter.expression.length).toBeLessThanOrEqual(1_024);
    }
    const { connection, topic, read } = open({ a: { types } });
    send(connection, topic, ...types.map((type) => envelope(type, { type })), envelope("other"));
    expect(read("a")).toEqual(types);
  });

  it("exists as the contract declares it before anybody reads it", () => {
    const fixture = new Fixture();
    const settings = { subscriptions: { audit: {}, eu: { where: { region: "eu" } } } };
    const other = subscriptionSource("t", "other", every, settings);
    const connection = fixture.connect([other]);
    send(connection, other, envelope("1"), envelope("2", { headers: { region: "eu" } }));
    const late = (name: string) => {
      const source = subscriptionSource("t", name, every, settings);
      return ids(now(fixture.receiver(fixture.connect([source], name), source)));
    };
    expect([late("audit"), late("eu")]).toEqual([["1", "2"], ["2"]]);
  });

  it("takes over the filter of the service that connects, and keeps what it holds", () => {
    const { fixture, connection, topic } = open({ a: { types: ["one"] } });
    send(connection, topic, envelope("1", { type: "one" }), envelope("2", { type: "two" }));
    const newer = subscriptionSource("t", "a", { types: ["two"] });
    const receiver = fixture.receiver(fixture.connect([newer]), newer);
    send(connection, topic, envelope("3", { type: "one" }), envelope("4", { type: "two" }));
    const got = now(receiver);
    expect(ids(got)).toEqual(["1", "4"]);
    for (const each of got) expect(settle(receiver, each, complete)).toBeUndefined();
  });
});
