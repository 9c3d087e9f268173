import { describe, expect, it } from "vitest";
import { deadLetter, defer, exponential, fixed, retry, service, WaybillError } from "waybill";
import { notifications } from "waybill/contracts";
import { testBus } from "waybill/testing";
import { Done, jobs, log, news, orderedJobs } from "./jobs.js";

const failing = (times: number, error: unknown = new Error("not yet")) => {
  let left = times;
  return (): void => {
    left -= 1;
    if (left >= 0) throw error as Error;
  };
};

describe("retries of a queue", () => {
  it("come after the back-off, on the virtual clock, and count every run", async () => {
    const runs: { attempt: number; at: number }[] = [];
    const fail = failing(2);
    const worker = service("worker").consume(
      jobs,
      {
        job: (_msg, ctx) => {
          runs.push({ attempt: ctx.attempt, at: bus.now().getTime() });
          fail();
        },
      },
      { retry: { backoff: exponential({ first: "10s", jitter: "none" }) } },
    );
    const bus = await testBus(worker);
    const start = bus.now().getTime();
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(runs).toHaveLength(1);
    await bus.settle({ advance: "1m" });
    expect(runs.map(({ attempt, at }) => [attempt, at - start])).toEqual([
      [1, 0],
      [2, 10_000],
      [3, 30_000],
    ]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("end in the dead letters with the reason, the last error and the number of runs", async () => {
    const worker = service("worker").consume(
      jobs,
      { job: failing(99, new Error("no stock")) },
      { retry: { attempts: 3, backoff: fixed("1s") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(bus.deadLetters()).toMatchObject([
      { channel: "jobs", reason: "MaxAttempts", description: "no stock", attempts: 3, data: { id: "1" } },
    ]);
    await bus.stop();
  });

  it("happen at once, once, for a transient error", async () => {
    const runs: number[] = [];
    const fail = failing(1, new WaybillError("timeout", "slow"));
    const worker = service("worker").consume(jobs, {
      job: (_msg, ctx) => {
        runs.push(ctx.attempt);
        fail();
      },
    });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(runs).toEqual([1, 2]);
    await bus.stop();
  });

  it("do not happen for an error that the consumer gives up on", async () => {
    class Declined extends Error {}
    const worker = service("worker").consume(
      jobs,
      { job: failing(9, new Declined("declined")) },
      { retry: { giveUpOn: [Declined] } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent", attempts: 1 }]);
    await bus.stop();
  });

  it("spend no attempt while a dependency is down", async () => {
    const outage = failing(30, new WaybillError("storeFailed", "down"));
    const attempts: number[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: (_msg, ctx) => {
          attempts.push(ctx.attempt);
          outage();
        },
      },
      { retry: { attempts: 2, backoff: fixed("1m") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(new Set(attempts)).toEqual(new Set([1]));
    expect(attempts).toHaveLength(31);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("of a notification count every delivery, also in an outage, and say so: it is parked before its service drops it", async () => {
    const alerts = notifications("alerts", { messages: { done: Done } });
    const listener = service("listener").listen(
      alerts,
      { done: failing(30, new WaybillError("storeFailed", "down")) },
      { retry: { attempts: 3, immediate: 0, backoff: fixed("1m") } },
    );
    const bus = await testBus(listener);
    await bus.deliver(alerts.done, { id: "1" });
    await bus.settle({ advance: "1h" });
    const ways = bus.events.flatMap((told): readonly unknown[] => {
      if (told.event === "retryScheduled") return [told.counted];
      return told.event === "deadLettered" ? [told.reason] : [];
    });
    expect(ways).toEqual([true, true, true, "CrashLoop"]);
    await bus.stop();
  });

  it("follow the class that a handler gives its error", async () => {
    const attempts: number[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: ({ data }, ctx) => {
          if (data.id === "waits") attempts.push(ctx.attempt);
          const chosen = data.id === "waits" ? "dependencyDown" : "permanent";
          if (attempts.length < 5) throw new WaybillError("handlerFailed", "no", { class: chosen });
        },
      },
      { retry: { attempts: 2, backoff: fixed("1m") } },
    );
    const bus = await testBus(worker);
    for (const id of ["waits", "never"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "1h" });
    expect(attempts).toEqual([1, 1, 1, 1, 1]);
    expect(bus.deadLetters()).toMatchObject([{ data: { id: "never" }, reason: "Permanent", attempts: 1 }]);
    await bus.stop();
  });

  it("can be asked for, put aside and refused by what the handler returns", async () => {
    const seen: string[] = [];
    const worker = service("worker").consume(jobs, {
      job: ({ data, broker }, ctx) => {
        seen.push(`${data.id} ${String(ctx.attempt)}`);
        if (data.id === "again" && ctx.attempt === 1) return retry({ after: "1m" });
        if (data.id === "bad") return deadLetter("no such product");
        if (data.id === "parked" && broker.deliveryCount === 1) return defer();
        return undefined;
      },
    });
    const bus = await testBus(worker);
    for (const id of ["again", "bad", "parked"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "50s" });
    expect(seen).toEqual(["again 1", "bad 1", "parked 1"]);
    await bus.settle({ advance: "15m" });
    expect(seen).toEqual(["again 1", "bad 1", "parked 1", "again 2"]);
    expect(bus.deadLetters()).toMatchObject([
      { id: expect.any(String) as string, reason: "Manual", description: "no such product" },
    ]);
    await bus.stop();
  });

  it("of one subscription are not seen by another", async () => {
    const runs: string[] = [];
    const fail = failing(2);
    const flaky = service("flaky").subscribe(
      news,
      {
        done: ({ id }) => {
          runs.push(`flaky ${id}`);
          fail();
        },
        job: "ignore",
      },
      { retry: { backoff: fixed("1s") } },
    );
    const steady = service("steady").subscribe(news, {
      done: ({ id }) => void runs.push(`steady ${id}`),
      job: "ignore",
    });
    const bus = await testBus([flaky, steady]);
    const { id } = await bus.deliver(news.done, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(runs.sort()).toEqual([`flaky ${id}`, `flaky ${id}`, `flaky ${id}`, `steady ${id}`]);
    await bus.stop();
  });
});

describe("order across retries", () => {
  it("holds per key on an ordered queue, while other keys go on", async () => {
    const seen: string[] = [];
    const fail = failing(2);
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: ({ data }) => {
          seen.push(data.id);
          if (data.id === "a1") fail();
        },
      },
      { retry: { backoff: fixed("10s") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(orderedJobs.job, { id: "a1", key: "a" });
    await bus.deliver(orderedJobs.job, { id: "a2", key: "a" });
    await bus.deliver(orderedJobs.job, { id: "b1", key: "b" });
    await bus.settle({ advance: "1s" });
    expect([...seen].sort()).toEqual(["a1", "b1"]);
    await bus.settle({ advance: "1m" });
    expect(seen.filter((id) => id.startsWith("a"))).toEqual(["a1", "a1", "a1", "a2"]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("holds where the hold is over: the message goes back to the head of its key with its attempts", async () => {
    const seen: string[] = [];
    const fail = failing(3);
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: ({ data }, ctx) => {
          seen.push(`${data.id}/${String(ctx.attempt)}`);
          if (data.id === "a1") fail();
        },
      },
      { retry: { backoff: fixed("2m"), maxHold: "3m" } },
    );
    const bus = await testBus(worker);
    await bus.deliver(orderedJobs.job, { id: "a1", key: "a" });
    await bus.deliver(orderedJobs.job, { id: "a2", key: "a" });
    await bus.settle({ advance: "30m" });
    expect(seen).toEqual(["a1/1", "a1/2", "a1/3", "a1/4", "a2/1"]);
    await bus.stop();
  });

  it("holds per partition on a stream: a failing event blocks its successors, then is parked", async () => {
    const seen: string[] = [];
    const reader = service("reader").read(
      log,
      {
        done: ({ data }) => {
          seen.push(data.id);
          if (data.id === "x") throw new Error("unreadable");
        },
      },
      { retry: { attempts: 2, backoff: fixed("10s") } },
    );
    const bus = await testBus(reader);
    await bus.deliver(log.done, { id: "x" }, { key: "one" });
    await bus.deliver(log.done, { id: "y" }, { key: "one" });
    await bus.settle({ advance: "5s" });
    expect(seen).toEqual(["x"]);
    await bus.settle({ advance: "1m" });
    expect(seen).toEqual(["x", "x", "y"]);
    expect(bus.deadLetters()).toMatchObject([
      { channel: "log", as: "reader", reason: "MaxAttempts", data: { id: "x" } },
    ]);
    await bus.stop();
  });
});
