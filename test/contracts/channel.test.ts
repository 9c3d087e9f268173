import { describe, expect, it } from "vitest";
import {
  command,
  event,
  notifications,
  only,
  queue,
  stream,
  topic,
  type Duration,
  type Message,
} from "waybill/contracts";
import * as z from "zod";

const Placed = event("t.placed", { version: 1, schema: z.object({ id: z.string() }), key: ({ id }) => id });
const Cancelled = event("t.cancelled", { version: 1, schema: z.object({ id: z.string() }) });
const Charge = command("t.charge", { version: 1, schema: z.object({ id: z.string() }) });
const messages = { placed: Placed };

describe("a channel", () => {
  it("has a target for each of its messages, which knows its channel", () => {
    const orders = topic("orders", { messages: { placed: Placed, cancelled: Cancelled } });
    const target = orders.cancelled["~target"];
    expect(target.channel).toBe("orders");
    expect(target.message).toBe(Cancelled);
    expect(target.spec).toBe(orders["~channel"]);
    expect(target.format).toBe(1);
  });

  it("says what it needs of a transport, by kind", () => {
    const all = { messages, ordered: "by-key", scheduled: true, dedupWindow: "10m" } as const;
    expect(queue("q", { messages })["~channel"].needs).toEqual(["queues"]);
    expect(queue("q", all)["~channel"].needs).toEqual([
      "queues",
      "queues:sessions",
      "queues:scheduling",
      "queues:dedup",
    ]);
    expect(topic("t", all)["~channel"].needs).toEqual([
      "topics",
      "topics:sessions",
      "topics:scheduling",
      "topics:dedup",
    ]);
    expect(queue("q", { messages, dedupWindow: "off" })["~channel"].needs).toEqual(["queues"]);
    expect(stream("s", { messages })["~channel"].needs).toEqual(["streams"]);
    expect(notifications("n", { messages })["~channel"].needs).toEqual(["notifications"]);
  });

  it("keeps its settings in milliseconds", () => {
    const settings = { messages, lock: "30s", ttl: "1h", dedupWindow: "10m", maxDeliveries: 3 } as const;
    expect(queue("q", settings)["~channel"].settings).toEqual({
      ordered: false,
      scheduled: false,
      lockMs: 30_000,
      ttlMs: 3_600_000,
      dedupWindowMs: 600_000,
      maxDeliveries: 3,
    });
    expect(stream("s", { messages })["~channel"].settings).toEqual({
      ordered: true,
      scheduled: false,
      partitions: 4,
      retentionMs: 86_400_000,
    });
  });

  it.each<[string, () => unknown]>([
    ["an empty name", () => queue("", { messages })],
    ["a name with a slash", () => topic("a/b", { messages })],
    ["a name of 51 characters", () => stream("n".repeat(51), { messages })],
    ["no messages", () => notifications("n", { messages: {} })],
    ["something that is no message", () => queue("q", { messages: { no: {} as Message } })],
    ["one type twice", () => queue("q", { messages: { a: Charge, b: Charge } })],
    [
      "an order by key without a key",
      () => topic("t", { messages: { cancelled: Cancelled }, ordered: "by-key" }),
    ],
    ["a reserved message name", () => queue("q", { messages: { ...messages, ["~x" as string]: Charge } })],
  ])("is refused with %s", (_, declare) => {
    expect(declare).toThrow(expect.objectContaining({ code: "invalidContract" }));
  });

  it.each<[string, () => unknown]>([
    ["a lock under 5 s", () => queue("q", { messages, lock: "4s" })],
    ["a lock over 5 m", () => topic("t", { messages, lock: "6m" })],
    ["a duplicate window under 20 s", () => queue("q", { messages, dedupWindow: "19s" })],
    ["a duplicate window over 7 d", () => queue("q", { messages, dedupWindow: "8d" })],
    ["no time to live", () => queue("q", { messages, ttl: "0s" })],
    ["no deliveries", () => queue("q", { messages, maxDeliveries: 0 })],
    ["half a delivery", () => topic("t", { messages, maxDeliveries: 1.5 })],
    ["no partitions", () => stream("s", { messages, partitions: 0 })],
    ["too many partitions", () => stream("s", { messages, partitions: 1_025 })],
    ["a retention under an hour", () => stream("s", { messages, retention: "59m" })],
    ["a duration without a unit", () => queue("q", { messages, lock: "30" as Duration })],
  ])("is refused with %s, naming the option and its bounds", (_, declare) => {
    expect(declare).toThrow(expect.objectContaining({ code: "invalidOption" }));
    expect(declare).toThrow(/ of (queue|topic|stream) ".".* give /);
  });
});

describe("only", () => {
  const orders = topic("orders", { messages: { placed: Placed, cancelled: Cancelled }, ordered: "none" });

  it("narrows a channel to the named messages and keeps everything else", () => {
    const narrowed = only(orders, "placed");
    expect(Object.keys(narrowed)).toEqual(["placed", "~channel"]);
    expect(narrowed["~channel"]).toEqual({
      ...orders["~channel"],
      messages: { placed: Placed },
      narrowed: true,
    });
    expect(orders["~channel"].narrowed).toBe(false);
  });

  it.each<[string, () => unknown, string]>([
    ["no name", () => only(orders), "name at least one"],
    ["an unknown name", () => only(orders, "lost" as "placed"), "it has placed, cancelled"],
    ["a name that every object has", () => only(orders, "toString" as "placed"), "has no message"],
  ])("is refused with %s", (_, narrow, text) => {
    expect(narrow).toThrow(expect.objectContaining({ code: "invalidContract" }));
    expect(narrow).toThrow(text);
  });
});

describe("a message", () => {
  it.each(["", " a", "-a", "a b", "a\n", "a".repeat(129)])("is refused with the type %j", (type) => {
    expect(() => event(type, { version: 1, schema: z.any() })).toThrow(
      expect.objectContaining({ code: "invalidContract" }),
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 2 ** 53])("is refused with the version %d", (version) => {
    expect(() => command("t.x", { version, schema: z.any() })).toThrow(
      expect.objectContaining({ code: "invalidContract" }),
    );
  });

  it("comes only from a lower version of the same type", () => {
    const v1 = event("t.v", { version: 1, schema: z.string() });
    const v2 = event("t.v", { version: 2, schema: z.string() });
    const other = event("t.other", { version: 1, schema: z.string() });
    expect(() => v1.from(v2, (data) => data)).toThrow("t.v v1 cannot come .from() t.v v2");
    expect(() => v2.from(v2, (data) => data)).toThrow("cannot come .from()");
    expect(() => v2.from(other as unknown as typeof v1, (data) => data)).toThrow(
      "give an older version of the same type",
    );
  });

  it("is not changed by .from()", () => {
    const v1 = event("t.v", { version: 1, schema: z.string() });
    const v2 = event("t.v", { version: 2, schema: z.string() });
    const chained = v2.from(v1, (data) => data);
    expect(v2["~message"].previous).toBeUndefined();
    expect(chained["~message"].previous?.message).toBe(v1);
  });
});
