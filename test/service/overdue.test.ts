import { describe, expect, it } from "vitest";
import { fixed, service } from "waybill";
import { testBus, type TestBus } from "waybill/testing";
import { jobs, log, orderedJobs } from "./jobs.js";

const retry = { backoff: fixed("1s"), attempts: 3 };

describe("a handler that takes longer than maxLockRenewal", () => {
  it("of a stream runs again in place, with a signal of its own", async () => {
    const signals: boolean[] = [];
    const reader = service("reader").read(
      log,
      {
        done: async (_msg, ctx) => {
          signals.push(ctx.signal.aborted);
          if (signals.length === 1) await ctx.sleep("1h");
        },
      },
      { maxLockRenewal: "1m", retry },
    );
    const bus = await testBus(reader);
    await bus.deliver(log.done, { id: "1" });
    await bus.settle({ advance: "2m" });
    expect(signals).toEqual([false, false]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("of a stream is parked when its attempts are spent", async () => {
    const reader = service("reader").read(
      log,
      { done: (_msg, ctx) => ctx.sleep("1h") },
      { maxLockRenewal: "1m", retry },
    );
    const bus = await testBus(reader);
    await bus.deliver(log.done, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect(bus.deadLetters()).toMatchObject([{ reason: "MaxAttempts", attempts: 3 }]);
    await bus.stop();
  });

  it("has five seconds to end after its signal before its slot is free", async () => {
    const startedMs: number[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: async () => {
          startedMs.push(bus.now().getTime() - start);
          if (startedMs.length === 1) await bus.hang(new AbortController().signal);
        },
      },
      { concurrency: 1, maxLockRenewal: "1m", retry },
    );
    const bus: TestBus = await testBus(worker);
    const start = bus.now().getTime();
    for (const id of ["stuck", "next"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "2m" });
    expect(startedMs.slice(0, 2)).toEqual([0, 65_000]);
    await bus.stop();
  });

  it("of an ordered queue gives its message back, and the next one waits behind it", async () => {
    const runs: string[] = [];
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: async ({ data }, ctx) => {
          runs.push(data.id);
          if (runs.length === 1) await ctx.sleep("1h");
        },
      },
      { maxLockRenewal: "1m", retry },
    );
    const bus = await testBus(worker);
    await bus.deliver(orderedJobs.job, { id: "1" });
    await bus.deliver(orderedJobs.job, { id: "2" });
    await bus.settle({ advance: "3m" });
    expect(runs).toEqual(["1", "1", "2"]);
    await bus.stop();
  });
});
