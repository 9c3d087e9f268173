import { describe, expect, it } from "vitest";
import { run, service } from "waybill";
import { memory } from "waybill/memory";
import { testBus, type TestBus } from "waybill/testing";
import { jobs, orderedJobs, results } from "./jobs.js";

/** Gates that handlers wait at until a test opens them. */
function gates() {
  const waiting: (() => void)[] = [];
  return {
    wait: (bus: TestBus, signal: AbortSignal): Promise<void> =>
      Promise.race([new Promise<void>((resolve) => waiting.push(resolve)), bus.hang(signal)]),
    get count(): number {
      return waiting.length;
    },
    open: (): void => {
      for (const go of waiting.splice(0)) go();
    },
  };
}

describe("concurrency", () => {
  it("runs up to that many handlers at a time and never more, and can be changed live", async () => {
    const gate = gates();
    let running = 0;
    let most = 0;
    const worker = service("worker").consume(
      jobs,
      {
        job: async (_msg, ctx) => {
          running += 1;
          most = Math.max(most, running);
          await gate.wait(bus, ctx.signal);
          running -= 1;
        },
      },
      { concurrency: 2 },
    );
    const bus: TestBus = await testBus(worker);
    for (let n = 0; n < 12; n += 1) await bus.deliver(jobs.job, { id: String(n) });
    await bus.settle();
    expect([running, most]).toEqual([2, 2]);
    bus.app().setConcurrency(jobs, 5);
    await bus.settle();
    expect(running).toBe(5);
    bus.app().setConcurrency(jobs, 1);
    gate.open();
    await bus.settle();
    expect(running).toBe(1);
    for (let n = 0; n < 12; n += 1) {
      gate.open();
      await bus.settle();
    }
    expect([running, most]).toEqual([0, 5]);
    await bus.stop();
  });

  it("of an ordered channel counts keys, and never runs two handlers of one key", async () => {
    const gate = gates();
    const running = new Map<string, number>();
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: async ({ data }, ctx) => {
          running.set(data.key, (running.get(data.key) ?? 0) + 1);
          await gate.wait(bus, ctx.signal);
          running.set(data.key, (running.get(data.key) ?? 0) - 1);
        },
      },
      { concurrency: 3 },
    );
    const bus: TestBus = await testBus(worker);
    for (let n = 0; n < 12; n += 1)
      await bus.deliver(orderedJobs.job, { id: String(n), key: `k${String(n % 4)}` });
    await bus.settle();
    expect([...running.values()]).toEqual([1, 1, 1]);
    for (let n = 0; n < 12; n += 1) {
      gate.open();
      await bus.settle();
      expect(Math.max(...running.values())).toBeLessThanOrEqual(1);
    }
    expect([...running.values()]).toEqual([0, 0, 0, 0]);
    await bus.stop();
  });
});

describe("pause and resume", () => {
  it("stop and start the intake, and lose nothing", async () => {
    const seen: string[] = [];
    const bus = await testBus(
      service("worker").consume(jobs, { job: ({ data }) => void seen.push(data.id) }),
    );
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    bus.app().pause();
    expect(bus.app().health().state).toBe("paused");
    await bus.deliver(jobs.job, { id: "2" });
    await bus.settle({ advance: "10m" });
    expect(seen).toEqual(["1"]);
    bus.app().resume(jobs);
    await bus.settle();
    expect(seen).toEqual(["1", "2"]);
    expect(bus.app().health()).toMatchObject({
      state: "ready",
      consumers: [{ channel: "jobs", inFlight: 0 }],
    });
    await bus.stop();
  });
});

describe("locks", () => {
  it("are renewed while a handler runs, so that its message is delivered once", async () => {
    const runs: number[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: async (_msg, ctx) => {
          runs.push(ctx.attempt);
          await ctx.sleep("20m");
        },
      },
      { maxLockRenewal: "30m" },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(runs).toEqual([1]);
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(1);
    await bus.stop();
  });

  it("that are lost fire the signal, settle nothing, and the message is delivered again", async () => {
    const outcomes: string[] = [];
    const worker = service("worker").consume(jobs, {
      job: async (_msg, ctx) => {
        if (ctx.attempt > 1) return;
        await ctx.sleep("10m").catch((error: unknown) => outcomes.push((error as { code: string }).code));
        throw new Error("lost");
      },
    });
    const bus = await testBus(worker);
    bus.failNext("renew", { times: 100 });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "5m" });
    expect(outcomes).toEqual(["lockLost"]);
    expect(bus.events.map(({ event }) => event)).toContain("left");
    expect(bus.deadLetters()).toEqual([]);
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(1);
    await bus.stop();
  });
});

describe("stop", () => {
  it("lets handlers finish and send, then settles and closes", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async ({ data }, ctx) => {
          await ctx.sleep("5s");
          await ctx.send(results.done, { id: data.id });
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    await bus.stop();
    expect(bus.sent(results.done)).toEqual([{ id: "1" }]);
    expect(bus.events.at(-1)).toMatchObject({ event: "stopped", unfinished: 0 });
    expect(bus.app().health().state).toBe("stopped");
  });

  it("tells handlers that take too long, gives their messages back, and spends no attempt on it", async () => {
    const attempts: number[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: async (_msg, ctx) => {
          attempts.push(ctx.attempt);
          if (attempts.length === 1) await ctx.sleep("1h");
        },
      },
      { maxLockRenewal: "2h" },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    const stopped = bus.app().stop({ deadline: "10s" });
    await bus.settle({ advance: "10s" });
    expect(await stopped).toEqual({ unfinished: 0 });
    await bus.restart(worker);
    await bus.settle({ advance: "2m" });
    expect(attempts).toEqual([1, 1]);
    await bus.stop();
  });

  it.each([
    { deadline: "10s", waitsMs: 8_000 },
    { deadline: undefined, waitsMs: 24_000 },
  ] as const)(
    "fires the signals after four fifths of $deadline, by default of 30 s",
    async ({ deadline, waitsMs }) => {
      let abortedAt: number | undefined;
      const worker = service("worker").consume(jobs, {
        job: async (_msg, ctx) => {
          ctx.signal.addEventListener("abort", () => (abortedAt = bus.now().getTime()));
          await ctx.sleep("1h");
        },
      });
      const bus: TestBus = await testBus(worker);
      await bus.deliver(jobs.job, { id: "1" });
      await bus.settle();
      const startedAt = bus.now().getTime();
      const stopped = bus.app().stop(deadline === undefined ? {} : { deadline });
      await bus.settle({ advance: "30s" });
      expect(await stopped).toEqual({ unfinished: 0 });
      expect((abortedAt ?? 0) - startedAt).toBe(waitsMs);
    },
  );

  it("is told by health from its begin to its end", async () => {
    const worker = service("worker").consume(jobs, { job: (_msg, ctx) => ctx.sleep("1s") });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    const stopped = bus.app().stop();
    expect(bus.app().health().state).toBe("stopping");
    await bus.settle({ advance: "1s" });
    await stopped;
    expect(bus.app().health().state).toBe("stopped");
  });

  it("ends by its deadline also for a handler that waits for it", async () => {
    const worker = service("worker").consume(jobs, {
      job: async () => {
        const stopped = bus.app().stop({ deadline: "10s" });
        await Promise.race([stopped, bus.hang(new AbortController().signal)]);
      },
    });
    const bus: TestBus = await testBus(worker);
    const start = bus.now().getTime();
    let stoppedMs = 0;
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1s" });
    void bus
      .app()
      .stop()
      .then(() => (stoppedMs = bus.now().getTime() - start));
    await bus.settle({ advance: "10s" });
    expect(stoppedMs).toBeGreaterThan(0);
    expect(stoppedMs).toBeLessThanOrEqual(10_000);
  });

  it("comes at the end of the block that holds a running service", async () => {
    let state: (() => string) | undefined;
    {
      await using app = await run(service("s").sends(jobs), { transport: memory() });
      state = () => app.health().state;
      expect(state()).toBe("ready");
    }
    expect(state()).toBe("stopped");
  });

  it("ends by its deadline although a handler ignores its signal, and says so", async () => {
    const worker = service("worker").consume(jobs, { job: () => bus.hang(new AbortController().signal) });
    const bus: TestBus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    await expect(bus.stop({ deadline: "10s" })).rejects.toThrow(/1 deliver.*t\.job/s);
  });

  it("is one stop however often it is called, also from a handler", async () => {
    let fromHandler: Promise<unknown> | undefined;
    const worker = service("worker").consume(jobs, {
      job: () => {
        fromHandler = bus.app().stop();
      },
    });
    const bus: TestBus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(await fromHandler).toEqual({ unfinished: 0 });
    expect(await bus.app().stop()).toEqual({ unfinished: 0 });
  });

  it("gives back what no handler has begun, uncounted", async () => {
    const seen: number[] = [];
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: async ({ data, broker }, ctx) => {
          seen.push(broker.deliveryCount);
          if (data.id === "1") await ctx.sleep("1s");
        },
      },
      { concurrency: 4 },
    );
    const bus = await testBus(worker);
    for (const id of ["1", "2", "3"]) await bus.deliver(orderedJobs.job, { id });
    await bus.settle();
    await bus.stop({ leftovers: "ignore" });
    await bus.restart(worker);
    await bus.settle({ advance: "5m" });
    expect(seen).toEqual([1, 1, 1]);
    await bus.stop();
  });
});

describe("around hooks", () => {
  it("wrap every handler run, the first outermost", async () => {
    const steps: string[] = [];
    const worker = service("worker")
      .around(async (run, next) => {
        steps.push(`outer ${run.channel} ${String(run.attempt)}`);
        await next();
        steps.push("outer ends");
      })
      .around(async (_run, next) => {
        steps.push("inner");
        await next();
      })
      .consume(jobs, { job: () => void steps.push("handler") });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(steps).toEqual(["outer jobs 1", "inner", "handler", "outer ends"]);
    await bus.stop();
  });

  it("fail the run with what they throw", async () => {
    let runs = 0;
    const worker = service("worker")
      .around(async (_run, next) => {
        await next();
        throw new Error("the hook says no");
      })
      .consume(jobs, { job: () => void (runs += 1) }, { retry: { attempts: 2 } });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(runs).toBe(2);
    expect(bus.deadLetters()).toMatchObject([{ reason: "MaxAttempts", description: "the hook says no" }]);
    await bus.stop();
  });
});
