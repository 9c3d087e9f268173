import { describe, expect, it } from "vitest";
import { service, WaybillError, type AppEvent } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, log } from "./jobs.js";

const told = (events: readonly AppEvent[]): readonly string[] =>
  events
    .map(({ event }) => event)
    .filter((event) => !["started", "stopping", "stopped", "sent"].includes(event));

describe("a delivery that nobody settles", () => {
  it("is told of as left when the broker does not take the settlement", async () => {
    const worker = service("worker").consume(jobs, { job: () => undefined });
    const bus = await testBus(worker);
    bus.failNext("settle", { error: new WaybillError("settleFailed", "no answer") });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(told(bus.events)).toEqual(["delivered", "settleFailed", "left"]);
    await bus.stop({ leftovers: "ignore" });
  });

  it("is delivered again when its lock ends, and handled again where nothing remembers it", async () => {
    const deliveries: number[] = [];
    const worker = service("worker").consume(jobs, {
      job: ({ broker }) => void deliveries.push(broker.deliveryCount),
    });
    const bus = await testBus(worker);
    bus.failNext("settle", { error: new WaybillError("settleFailed", "no answer") });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "5m" });
    expect(deliveries).toEqual([1, 2]);
    expect(told(bus.events)).toEqual(["delivered", "settleFailed", "left", "delivered", "handled"]);
    await bus.stop();
  });

  it("is told of as left when its stream is read no further", async () => {
    const reader = service("reader").read(log, { done: (_msg, ctx) => ctx.sleep("1m") }, { concurrency: 1 });
    const bus = await testBus(reader);
    await bus.deliver(log.done, { id: "same" });
    await bus.deliver(log.done, { id: "same" });
    await bus.settle();
    await bus.stop({ deadline: "10m", leftovers: "ignore" });
    expect(told(bus.events).filter((event) => event === "left")).toHaveLength(1);
    expect(told(bus.events).filter((event) => event === "delivered")).toHaveLength(2);
  });
});
