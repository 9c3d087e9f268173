import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOnUse } from "../../../tools/emulator/amqp/create-on-use.js";
import { HubClient } from "../event-hubs/hub-client.js";
import { startFixture, type Fixture } from "../fixture.js";

let fixture: Fixture;

beforeEach(async () => {
  fixture = await startFixture({ createOnUse: true });
});

afterEach(async () => {
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

describe("create on use", () => {
  it("makes the hub that somebody sends to", async () => {
    const sales = new HubClient(fixture, "sales");
    await sales.producer().sendBatch([{ body: "a" }]);
    expect(fixture.namespace.kindOf("sales")).toBe("hub");
    await sales.close();
  });

  it("makes the hub whose properties are asked for", async () => {
    const sales = new HubClient(fixture, "sales");
    expect(await sales.producer().getPartitionIds()).toHaveLength(4);
    await sales.close();
  });

  it("makes the hub and the group that somebody reads", async () => {
    const sales = new HubClient(fixture, "sales");
    const reading = await sales.subscribe({ offset: "-1" }, { group: "Billing" });
    await sales.producer().sendBatch([{ body: "a" }], { partitionId: "0" });
    expect(await reading.bodies(1)).toEqual(["a"]);
    expect(fixture.namespace.streams.hubProperties("sales").consumerGroups).toEqual(["$Default", "Billing"]);
    await reading.close();
    await sales.close();
  });

  it("makes a queue, a topic with a subscription, and each of them once", () => {
    const { namespace } = fixture;
    for (let time = 0; time < 2; time += 1) {
      createOnUse(namespace, { kind: "queue", name: "orders" });
      createOnUse(namespace, { kind: "subscription", topic: "events", subscription: "all" });
      createOnUse(namespace, { kind: "subscription", topic: "Events", subscription: "ALL" });
      createOnUse(namespace, { kind: "hub", name: "sales", group: "$default" });
    }
    expect(namespace.broker.queues()).toEqual(["orders"]);
    expect(namespace.broker.topics()).toEqual(["events"]);
    expect(namespace.broker.subscriptions("events")).toEqual(["all"]);
    expect(namespace.hubs()).toEqual(["sales"]);
  });

  it("leaves alone what has the name already", () => {
    const { namespace } = fixture;
    namespace.createHub("sales");
    createOnUse(namespace, { kind: "queue", name: "Sales" });
    createOnUse(namespace, { kind: "subscription", topic: "sales", subscription: "all" });
    expect(namespace.kindOf("sales")).toBe("hub");
    expect(namespace.broker.topics()).toEqual([]);
  });
});
