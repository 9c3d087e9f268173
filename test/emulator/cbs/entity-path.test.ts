import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findEntity, neededEntity } from "../../../tools/emulator/amqp/entity-path.js";
import { EmulatorClock } from "../../../tools/emulator/clock.js";
import { Namespace } from "../../../tools/emulator/namespace.js";

describe("the entity of an address", () => {
  let namespace: Namespace;

  beforeEach(() => {
    const rest = { deliver: () => undefined, validationUrl: () => "" };
    namespace = new Namespace("default", { clock: new EmulatorClock(), ...rest });
    namespace.createQueue("orders");
    namespace.createQueue("eu/orders");
    namespace.createQueue("odd/partitions/1");
    namespace.createTopic("events");
    namespace.createHub("sales");
    namespace.createHub("odd");
  });

  afterEach(() => {
    namespace.close();
  });

  it.each([
    ["orders", "queue", "orders", ""],
    ["ORDERS/$management", "queue", "ORDERS", "/$management"],
    ["orders/$Transfer/$DeadLetterQueue", "queue", "orders", "/$Transfer/$DeadLetterQueue"],
    ["eu/orders/$DeadLetterQueue", "queue", "eu/orders", "/$DeadLetterQueue"],
    ["events/Subscriptions/all", "topic", "events", "/Subscriptions/all"],
    ["events/Subscriptions/all/$management", "topic", "events", "/Subscriptions/all/$management"],
    ["sales/ConsumerGroups/g/Partitions/0", "hub", "sales", "/ConsumerGroups/g/Partitions/0"],
    ["odd/partitions/1", "queue", "odd/partitions/1", ""],
    ["odd/partitions/2", "hub", "odd", "/partitions/2"],
  ])("%s is of the %s %s", (address, kind, name, rest) => {
    expect(findEntity(namespace, address)).toEqual({ kind, name, rest });
  });

  it.each(["orders/else", "order", "", "/", "$management", "nobody/Subscriptions/all"])(
    "%j has none",
    (address) => {
      expect(findEntity(namespace, address)).toBeUndefined();
    },
  );

  it("is found at once in a hostile address", () => {
    expect(findEntity(namespace, "/partitions/0".repeat(100_000))).toBeUndefined();
  });
});

describe("what an address stands for", () => {
  it.each([
    ["orders", { kind: "queue", name: "orders" }],
    ["orders/$management", { kind: "queue", name: "orders" }],
    ["orders/$Transfer/$DeadLetterQueue", { kind: "queue", name: "orders" }],
    ["events/Subscriptions/all", { kind: "subscription", topic: "events", subscription: "all" }],
    ["a/b/subscriptions/all/$DeadLetterQueue", { kind: "subscription", topic: "a/b", subscription: "all" }],
    ["sales/Partitions/0", { kind: "hub", name: "sales" }],
    ["sales/publishers/till", { kind: "hub", name: "sales" }],
    ["sales/ConsumerGroups/g/Partitions/0", { kind: "hub", name: "sales", group: "g" }],
    ["", undefined],
    ["$cbs", undefined],
  ])("%s", (address, need) => {
    expect(neededEntity(address, false)).toEqual(need);
  });

  it("is a hub by a bare name when the client speaks Event Hubs", () => {
    expect(neededEntity("sales", true)).toEqual({ kind: "hub", name: "sales" });
  });
});
