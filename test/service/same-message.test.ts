import { describe, expect, it } from "vitest";
import { service } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, news } from "./jobs.js";

describe("the downstream key of a message", () => {
  it("is the same on every run of a step, and another for another message, step, subscription or service", async () => {
    const keys: Record<string, string[]> = {};
    const note = (name: string, key: string): void => void (keys[name] ??= []).push(key);
    const [one, other] = ["one", "other"].map((name) =>
      service(name).subscribe(news, {
        done: ({ data }, { idempotency }) => {
          note(`${name} ${data.id} charge`, idempotency.downstreamKey("charge"));
          note(`${name} ${data.id} mail`, idempotency.downstreamKey("mail"));
        },
        job: "ignore",
      }),
    );
    const again = service("one").subscribe(
      news,
      {
        done: ({ data }, ctx) => note(`again ${data.id}`, ctx.idempotency.downstreamKey("charge")),
        job: "ignore",
      },
      { as: "again" },
    );
    if (one === undefined || other === undefined) throw new Error("two services");
    const bus = await testBus([one, other]);
    const first = await bus.deliver(news.done, { id: "1" });
    await bus.deliver(news.done, { id: "2" });
    await bus.settle();
    await bus.redeliver(first);
    await bus.settle();
    await bus.stop();
    const second = await testBus(again);
    await second.deliver(news.done, { id: "1" }, { id: first.id });
    await second.settle();
    await second.stop();
    expect(keys["one 1 charge"]).toHaveLength(2);
    const distinct = Object.values(keys).map((all) => new Set(all));
    expect(distinct.map(({ size }) => size)).toEqual(distinct.map(() => 1));
    expect(new Set(Object.values(keys).flat()).size).toBe(9);
  });
});

describe("the memory of an idempotent consumer", () => {
  const counting = (name: string) => {
    const runs: string[] = [];
    const one = service(name).subscribe(
      news,
      { done: ({ data }) => void runs.push(data.id), job: "ignore" },
      { idempotent: true },
    );
    return { runs, one };
  };

  it("belongs to each subscription, and outlives the process", async () => {
    const [first, second] = [counting("first"), counting("second")];
    const bus = await testBus([first.one, second.one]);
    const message = await bus.deliver(news.done, { id: "1" });
    await bus.settle();
    bus.crash(first.one);
    await bus.restart(first.one);
    await bus.redeliver(message);
    await bus.settle({ advance: "5m" });
    expect([first.runs, second.runs]).toEqual([["1"], ["1"]]);
    expect(bus.events.filter(({ event }) => event === "duplicate")).toHaveLength(2);
    await bus.stop();
  });

  it("lasts for the retention, and no longer", async () => {
    const runs: string[] = [];
    const worker = service("worker").consume(
      jobs,
      { job: ({ data }) => void runs.push(data.id) },
      { idempotent: { retention: "2d" } },
    );
    const bus = await testBus(worker);
    const message = await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "47h" });
    await bus.redeliver(message);
    await bus.settle();
    expect(runs).toEqual(["1"]);
    await bus.settle({ advance: "49h" });
    await bus.redeliver(message);
    await bus.settle();
    expect(runs).toEqual(["1", "1"]);
    await bus.stop();
  });
});
