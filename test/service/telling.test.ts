import { describe, expect, it } from "vitest";
import { deadLetter, defer, fixed, service, WaybillError, type AppEvent } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, log, news, orderedJobs, results } from "./jobs.js";

const named = (events: readonly AppEvent[], ...names: readonly AppEvent["event"][]): readonly AppEvent[] =>
  events.filter(({ event }) => names.includes(event));

describe("what a service tells", () => {
  it("holds no message data, whatever becomes of the message", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(
        jobs,
        {
          job: async ({ data }, ctx) => {
            await ctx.send(results.done, { id: data.id });
            if (data.key === "fails") throw new Error("no");
          },
        },
        { retry: { attempts: 2, backoff: fixed("1s") } },
      );
    const bus = await testBus(worker);
    for (const key of ["works", "fails"]) await bus.deliver(jobs.job, { id: "planted", key });
    await bus.settle({ advance: "1m" });
    expect(bus.deadLetters()).toMatchObject([{ data: { id: "planted" } }]);
    expect(bus.events.length).toBeGreaterThan(5);
    expect(JSON.stringify(bus.events)).not.toContain("planted");
    await bus.stop();
  });

  it("names each message that a broker has, or may not have", async () => {
    const bus = await testBus(service("s").sends(results));
    const { id } = await bus.app().send(results.done, { id: "1" });
    bus.failNext("send");
    await bus
      .app()
      .send(results.done, { id: "2" }, { id: "lost" })
      .catch(() => undefined);
    expect(named(bus.events, "sent", "sendFailed")).toMatchObject([
      { event: "sent", id, channel: "results" },
      { event: "sendFailed", id: "lost", error: { code: "transportFailed" } },
    ]);
    await bus.stop();
  });

  it("says of each run that failed how the message runs again, and whether that spends an attempt", async () => {
    const failing = (error: Error) => {
      let left = 1;
      return () => {
        left -= 1;
        if (left >= 0) throw error;
      };
    };
    const retry = { backoff: fixed("1s") };
    const works = [
      service("transient").consume(jobs, { job: failing(new WaybillError("timeout", "slow")) }, { retry }),
      service("unknown").consume(jobs, { job: failing(new Error("no")) }, { retry }),
      service("outage").consume(jobs, { job: failing(new WaybillError("storeFailed", "down")) }, { retry }),
      service("ordered").consume(orderedJobs, { job: failing(new Error("no")) }, { retry }),
    ];
    const told: AppEvent[] = [];
    for (const work of works) {
      const bus = await testBus(work);
      await bus.deliver(work === works[3] ? orderedJobs.job : jobs.job, { id: "1" });
      await bus.settle({ advance: "1m" });
      told.push(...named(bus.events, "retryingNow", "held", "retryScheduled"));
      await bus.stop();
    }
    expect(told).toMatchObject([
      { event: "retryingNow", service: "transient" },
      { event: "retryScheduled", service: "unknown", counted: true, delayMs: 1_000 },
      { event: "retryScheduled", service: "outage", counted: false },
      { event: "held", service: "ordered", delayMs: 1_000 },
    ]);
  });

  it("says of what no handler finished what became of it", async () => {
    const worker = service("worker")
      .consume(jobs, {
        job: ({ data }) => {
          if (data.id === "1") return defer();
          return data.id === "2" ? deadLetter("unusable") : undefined;
        },
      })
      .read(log, { done: "ignore" });
    const bus = await testBus(worker);
    for (const id of ["1", "2", "3"]) await bus.deliver(jobs.job, { id });
    await bus.deliver(log.done, { id: "4" });
    await bus.settle();
    expect(named(bus.events, "deferred")).toMatchObject([{ channel: "jobs" }]);
    expect(named(bus.events, "deadLettered")).toMatchObject([{ reason: "Manual", description: "unusable" }]);
    expect(named(bus.events, "handled")).toMatchObject([{ channel: "jobs" }]);
    expect(named(bus.events, "ignored")).toMatchObject([{ channel: "log", as: "worker" }]);
    await bus.stop();
  });
});

describe("a source that cannot be read", () => {
  it("is tried again, up to every 30 s, and health says so until it can", async () => {
    const bus = await testBus(service("worker").consume(jobs, { job: () => undefined }));
    bus.failNext("receive", { times: 20 });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "3m" });
    const { state, consumers } = bus.app().health();
    expect(state).toBe("degraded");
    expect(consumers[0]?.receiveFailures).toBeGreaterThan(5);
    await bus.settle({ advance: "1h" });
    const waits = bus.events.flatMap((event) => (event.event === "receiveFailed" ? [event.retryInMs] : []));
    expect([waits.length, Math.round(Math.max(...waits) / 1_000)]).toEqual([20, 30]);
    expect(Math.max(...waits)).toBeLessThanOrEqual(30_000);
    expect(bus.app().health()).toMatchObject({
      state: "ready",
      consumers: [{ paused: false, concurrency: 10, inFlight: 0, receiveFailures: 0 }],
    });
    await bus.stop();
  });
});

describe("a channel that a service reads several times", () => {
  it("is paused under one name alone", async () => {
    const seen: string[] = [];
    const reader = service("reader")
      .subscribe(news, { done: () => void seen.push("first"), job: "ignore" }, { as: "first" })
      .subscribe(news, { done: () => void seen.push("second"), job: "ignore" }, { as: "second" });
    const bus = await testBus(reader);
    bus.app().pause(news, { as: "first" });
    await bus.deliver(news.done, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect([seen, bus.app().health().state]).toEqual([["second"], "ready"]);
    bus.app().resume(news);
    await bus.settle();
    expect(seen).toEqual(["second", "first"]);
    await bus.stop();
  });
});
