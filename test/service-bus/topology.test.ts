import { describe, expect, it } from "vitest";
import { event, queue, topic } from "waybill/contracts";
import type { Destination, SubscriptionSource } from "waybill/transport";
import { subscriptionRules as rulesInMemory } from "../../adapters/memory/broker/channels/subscription-rules.js";
import { isoDuration } from "../../adapters/service-bus/entity-settings.js";
import { subscriptionRules } from "../../adapters/service-bus/subscription-rules.js";
import type { Emulator } from "waybill-tools/emulator";
import * as z from "zod";
import { administrationOf, connectTo, startBus } from "./bus.js";

const placed = event("orders.placed", { version: 1, schema: z.object({ orderId: z.string() }) });
const cancelled = event("orders.cancelled", { version: 1, schema: z.object({ orderId: z.string() }) });

const billing = queue("billing", { messages: { placed }, lock: "30s", dedupWindow: "10m", maxDeliveries: 7 });
const orders = topic("orders", {
  messages: { placed, cancelled },
  ttl: "1d",
  lock: "30s",
  subscriptions: { audit: { where: { shop: "north" } } },
});

const toBilling: Destination = { channel: billing["~channel"], address: "billing" };
const toOrders: Destination = { channel: orders["~channel"], address: "orders" };
const fromOrders = (types: readonly string[] | undefined = ["orders.placed"]): SubscriptionSource => ({
  ...toOrders,
  kind: "subscription",
  subscription: "shop",
  filter: { types },
});
const places = { destinations: [toBilling, toOrders], sources: [fromOrders()] };

const managed = (emulator: Emulator, topology: "verify" | "ensure") =>
  ({ topology, administration: () => administrationOf(emulator) }) as const;

const expressionsOf = (emulator: Emulator, subscription = "shop"): readonly unknown[] =>
  emulator
    .namespace()
    .broker.rules("orders", subscription)
    .map(({ filter }) => ("expression" in filter ? filter.expression : filter.type));

describe("a topology that is ensured", () => {
  it("makes queues, topics and subscriptions as contracts declare them", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places, managed(emulator, "ensure"));
    const { broker } = emulator.namespace();
    expect(broker.getQueue("billing")).toMatchObject({
      lockDurationMs: 30_000,
      maxDeliveryCount: 7,
      requiresDuplicateDetection: true,
      duplicateDetectionWindowMs: 600_000,
      deadLetteringOnMessageExpiration: true,
    });
    expect(broker.getTopic("orders")).toMatchObject({ defaultTimeToLiveMs: 86_400_000 });
    expect(broker.subscriptions("orders")).toEqual(["audit", "shop"]);
  });

  it("lets a subscription see the types that are handled, and no retry copy of another", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places, managed(emulator, "ensure"));
    expect(expressionsOf(emulator)).toEqual([
      "sys.Label IN ('orders.placed') AND (cloudEvents_wbto IS NULL OR cloudEvents_wbto = 'shop')",
    ]);
    expect(expressionsOf(emulator, "audit")).toEqual([
      "(cloudEvents_wbto IS NULL OR cloudEvents_wbto = 'audit') AND user.[shop] = 'north'",
    ]);
  });

  it("changes the rules of a subscription whose service handles other types now, and leaves no gap", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places, managed(emulator, "ensure"));
    const { broker } = emulator.namespace();
    broker.addRule("orders", "shop", { name: "by-hand", filter: { type: "true" } });
    await connectTo(
      emulator,
      { sources: [fromOrders(["orders.placed", "orders.cancelled"])] },
      managed(emulator, "ensure"),
    );
    expect(expressionsOf(emulator)).toEqual([
      "sys.Label IN ('orders.placed','orders.cancelled') AND (cloudEvents_wbto IS NULL OR cloudEvents_wbto = 'shop')",
    ]);
  });

  it("is made once, however many services start at the same moment", async () => {
    const emulator = await startBus();
    await Promise.all(
      Array.from({ length: 5 }, () => connectTo(emulator, places, managed(emulator, "ensure"))),
    );
    expect(expressionsOf(emulator)).toHaveLength(1);
  });

  it("refuses an entity that is not as its contract says, and names what differs", async () => {
    const emulator = await startBus();
    emulator.namespace().createQueue("billing", {
      lockDurationMs: 60_000,
      requiresDuplicateDetection: true,
      duplicateDetectionWindowMs: 600_000,
      maxDeliveryCount: 7,
      deadLetteringOnMessageExpiration: true,
    });
    await expect(connectTo(emulator, places, managed(emulator, "ensure"))).rejects.toMatchObject({
      code: "alreadyExists",
      message:
        'queue "billing" has lockDuration PT1M, and its contract says PT30S: change the one or the other',
    });
  });
});

describe("a topology that is verified", () => {
  it("is accepted as it was ensured", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places, managed(emulator, "ensure"));
    await connectTo(emulator, places, managed(emulator, "verify"));
  });

  it("is refused if an entity is missing, and nothing is made", async () => {
    const emulator = await startBus();
    await expect(connectTo(emulator, places, managed(emulator, "verify"))).rejects.toMatchObject({
      code: "notFound",
      message: expect.stringContaining('queue "billing" does not exist') as string,
    });
    expect(() => emulator.namespace().broker.getQueue("billing")).toThrow("billing");
  });

  it("is refused if a subscription filters otherwise", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places, managed(emulator, "ensure"));
    const wanted = { sources: [fromOrders(["orders.cancelled"])] };
    await expect(connectTo(emulator, wanted, managed(emulator, "verify"))).rejects.toMatchObject({
      code: "alreadyExists",
      message: expect.stringContaining("it lacks the rule sys.Label IN ('orders.cancelled')") as string,
    });
  });

  it("needs an administration client, and says so", async () => {
    const emulator = await startBus();
    await expect(connectTo(emulator, places, { topology: "verify" })).rejects.toMatchObject({
      code: "invalidOption",
      message: expect.stringContaining("serviceBus({ administration: () => … })") as string,
    });
  });
});

describe("a topology that is assumed", () => {
  it("asks nobody, so that an identity with Send and Listen alone can run", async () => {
    const emulator = await startBus();
    await connectTo(emulator, places);
    expect(emulator.recorded()).toEqual([]);
  });
});

describe("the rules of a subscription", () => {
  const many = Array.from({ length: 60 }, (_, n) => `orders.message-with-a-long-name-${String(n)}`);

  it.each([
    ["all types", { types: undefined }],
    ["one type", { types: ["orders.placed"] }],
    ["types that do not fit into one rule", { types: many }],
    ["a header", { types: undefined, where: { shop: "it's", large: true, "odd]name": 7 } }],
    ["types and a header", { types: ["a", "b"], where: { shop: "north" } }],
  ])("for %s are those of the in-memory broker", (_, filter) => {
    const inMemory = rulesInMemory("shop", filter).map(({ filter: of }) =>
      "expression" in of ? of.expression : of.type,
    );
    expect(subscriptionRules("shop", filter)).toEqual(inMemory);
  });

  it("for no type let nothing through", () => {
    expect(subscriptionRules("shop", { types: [] })).toEqual(["1=0"]);
  });
});

it.each([
  [0, "PT0S"],
  [500, "PT0.5S"],
  [30_000, "PT30S"],
  [600_000, "PT10M"],
  [3_600_000, "PT1H"],
  [86_400_000, "P1D"],
  [90_061_000, "P1DT1H1M1S"],
])("writes %i ms as the service does: %s", (ms, text) => {
  expect(isoDuration(ms)).toBe(text);
});
