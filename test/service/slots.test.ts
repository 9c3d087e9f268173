import { describe, expect, it } from "vitest";
import { deadLetter, fixed, service } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, orderedJobs } from "./jobs.js";

describe("a slot", () => {
  it("is free for other keys while one key waits for its retry", async () => {
    const seen: string[] = [];
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: ({ data }) => {
          seen.push(data.id);
          if (data.key === "bad") throw new Error("again");
        },
      },
      { concurrency: 1, retry: { backoff: fixed("1m") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(orderedJobs.job, { id: "stuck", key: "bad" });
    for (const id of ["1", "2", "3"]) await bus.deliver(orderedJobs.job, { id, key: id });
    await bus.settle({ advance: "10s" });
    expect([...seen].sort()).toEqual(["1", "2", "3", "stuck"]);
    await bus.stop({ leftovers: "ignore" });
  });

  it("is never taken by more handlers than the concurrency says, also when held ones come back", async () => {
    let running = 0;
    let most = 0;
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: async (_msg, ctx) => {
          running += 1;
          most = Math.max(most, running);
          await ctx.sleep("7s");
          running -= 1;
          if (ctx.attempt < 3) throw new Error("again");
        },
      },
      { concurrency: 2, retry: { backoff: fixed("10s") } },
    );
    const bus = await testBus(worker);
    for (let n = 0; n < 10; n += 1) await bus.deliver(orderedJobs.job, { id: String(n), key: String(n) });
    await bus.settle({ advance: "1h" });
    expect(most).toBe(2);
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(10);
    await bus.stop();
  });
});

describe("two copies of a message in one process", () => {
  it("run the handler once: the second waits for the first, and is done with it", async () => {
    let runs = 0;
    const worker = service("worker").consume(
      jobs,
      {
        job: async (_msg, ctx) => {
          runs += 1;
          await ctx.sleep("3s");
        },
      },
      { idempotent: true },
    );
    const bus = await testBus(worker);
    const message = await bus.deliver(jobs.job, { id: "1" });
    await bus.redeliver(message);
    await bus.settle({ advance: "3s" });
    expect(runs).toBe(1);
    expect(bus.events.filter(({ event }) => event === "duplicate")).toHaveLength(1);
    await bus.stop();
  });

  it("run it again when the first failed", async () => {
    let runs = 0;
    const worker = service("worker").consume(
      jobs,
      {
        job: async (_msg, ctx) => {
          runs += 1;
          await ctx.sleep("3s");
          if (runs === 1) throw new Error("no");
        },
      },
      { idempotent: true, retry: { backoff: fixed("1h") } },
    );
    const bus = await testBus(worker);
    const message = await bus.deliver(jobs.job, { id: "1" });
    await bus.redeliver(message);
    await bus.settle({ advance: "10s" });
    expect(runs).toBe(2);
    await bus.stop();
  });
});

describe("a dead letter of the handler's own", () => {
  it("counts the run that decided it", async () => {
    const bus = await testBus(service("worker").consume(jobs, { job: () => deadLetter("no") }));
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Manual", attempts: 1 }]);
    await bus.stop();
  });
});
