import { readFile } from "node:fs/promises";
import { pbkdf2 } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it, vi } from "vitest";
import { service } from "waybill";
import { command, queue } from "waybill/contracts";
import { testBus, type TestBus } from "waybill/testing";
import * as z from "zod";
import { jobs, news, results } from "../service/jobs.js";

afterEach(() => {
  vi.useRealTimers();
});

describe("the test bus", () => {
  it("waits for handlers that do real work, and virtual time stands still meanwhile", async () => {
    const times: number[] = [];
    const worker = service("worker").consume(jobs, {
      job: async () => {
        times.push(bus.now().getTime());
        for (let n = 0; n < 20; n += 1) await readFile(fileURLToPath(import.meta.url));
        await promisify(pbkdf2)("work", "on another thread", 50_000, 64, "sha512");
        times.push(bus.now().getTime());
      },
    });
    const bus: TestBus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect(times).toHaveLength(2);
    expect(times[0]).toBe(times[1]);
    await bus.stop();
  });

  it("names a handler that never returns, with where its message came from", async () => {
    let release = (): void => undefined;
    const worker = service("worker").consume(jobs, {
      job: () => new Promise<void>((resolve) => (release = resolve)),
    });
    const bus = await testBus(worker);
    const { id } = await bus.deliver(jobs.job, { id: "1" });
    await expect(bus.settle()).rejects.toThrow(
      new RegExp(`worker: t\\.job ${id} from jobs \\(delivery 1\\)`),
    );
    release();
    await bus.stop();
  });

  it("ends a game of ping-pong by count", { timeout: 60_000 }, async () => {
    const ping = service("ping")
      .sends(results)
      .consume(jobs, {
        job: async (_msg, ctx) => {
          await ctx.send(results.done, { id: "x" });
        },
      });
    const pong = service("pong")
      .sends(jobs)
      .consume(results, {
        done: async (_msg, ctx) => {
          await ctx.send(jobs.job, { id: "x" });
        },
      });
    const bus = await testBus([ping, pong]);
    await bus.deliver(jobs.job, { id: "1" });
    await expect(bus.settle()).rejects.toThrow(/do two handlers send to each other/);
  });

  it("is not disturbed by the fake timers of a test runner", async () => {
    vi.useFakeTimers();
    const seen: string[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: async ({ data }, ctx) => {
          await ctx.sleep("10m");
          seen.push(data.id);
        },
      },
      { maxLockRenewal: "1h" },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect(seen).toEqual(["1"]);
    await bus.stop();
  });

  it("delivers through the rules of a topic: each service its own copy, of what it handles", async () => {
    const seen: string[] = [];
    const a = service("a").subscribe(news, {
      done: () => void seen.push("a done"),
      job: () => void seen.push("a job"),
    });
    const b = service("b").subscribe(news, { done: "ignore", job: () => void seen.push("b job") });
    const bus = await testBus([a, b]);
    await bus.deliver(news.done, { id: "1" });
    await bus.deliver(news.job, { id: "2" });
    await bus.settle();
    expect(seen.sort()).toEqual(["a done", "a job", "b job"]);
    expect(bus.events.filter(({ event }) => event === "ignored")).toEqual([]);
    await bus.stop();
  });

  it("repeats a run to the letter with the same seed", async () => {
    const trace = async (seed: string): Promise<string> => {
      let failures = 3;
      const worker = service("worker").consume(jobs, {
        job: () => {
          failures -= 1;
          if (failures >= 0) throw new Error("again");
        },
      });
      const bus = await testBus(worker, { seed });
      await bus.deliver(jobs.job, { id: "1" });
      await bus.settle({ advance: "2h" });
      await bus.stop();
      return JSON.stringify(bus.events, (name, value: unknown) => (name === "durationMs" ? 0 : value));
    };
    expect(await trace("one")).toBe(await trace("one"));
    expect(await trace("one")).not.toBe(await trace("two"));
  });

  it("keeps objects of the sender and of the receiver apart", async () => {
    const given = { id: "1", key: "k" };
    let got: object | undefined;
    const bus = await testBus(service("worker").consume(jobs, { job: ({ data }) => void (got = data) }));
    await bus.deliver(jobs.job, given);
    given.id = "changed";
    await bus.settle();
    expect(got).toEqual({ id: "1", key: "k" });
    await bus.stop();
  });

  it("delivers as a producer outside would: validated, and no handler runs before it settles", async () => {
    const seen: string[] = [];
    const worker = service("worker").consume(jobs, { job: ({ data }) => void seen.push(data.id) });
    const bus = await testBus(worker);
    const invalid = { id: 1 } as unknown as { id: string };
    await expect(bus.deliver(jobs.job, invalid)).rejects.toMatchObject({ code: "invalidMessage" });
    await bus.deliver(jobs.job, { id: "1" });
    expect(seen).toEqual([]);
    await bus.settle();
    expect(seen).toEqual(["1"]);
    await bus.stop();
  });

  it("lists what services sent: not what the test delivered, no retries, and twice what went out twice", async () => {
    let failures = 1;
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async ({ data }, ctx) => {
          await ctx.send(results.done, { id: data.id });
        },
      })
      .consume(results, {
        done: () => {
          failures -= 1;
          if (failures >= 0) throw new Error("once");
        },
      });
    const bus = await testBus(worker);
    bus.failNext("send", { channel: results, afterEffect: true });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.deliver(results.done, { id: "outside" });
    await bus.settle({ advance: "1h" });
    expect(bus.sent(jobs.job)).toEqual([]);
    expect(bus.sent(results.done)).toEqual([{ id: "1" }, { id: "1" }]);
    await bus.stop();
  });

  it("delivers a message once more past duplicate detection, with its id and another of the broker's", async () => {
    const Once = command("t.once", { version: 1, schema: z.object({ id: z.string() }) });
    const once = queue("once", { messages: { once: Once }, dedupWindow: "10m" });
    const seen: [string, string][] = [];
    const worker = service("worker").consume(once, {
      once: ({ id, broker }) => void seen.push([id, broker.messageId]),
    });
    const bus = await testBus(worker);
    const message = await bus.deliver(once.once, { id: "1" });
    await bus.redeliver(message);
    await bus.settle();
    expect(seen.map(([id]) => id)).toEqual([message.id, message.id]);
    expect(new Set(seen.map(([, brokerId]) => brokerId)).size).toBe(2);
    await bus.stop();
  });

  it("does not stop quietly while a message waits that nobody has handled, unless it is told to", async () => {
    const worker = service("worker").consume(jobs, { job: () => undefined });
    for (const leftovers of ["report", "ignore"] as const) {
      const bus = await testBus(worker);
      await bus.deliver(jobs.job, { id: "1" });
      bus.app().pause();
      const stopped = bus.stop({ leftovers });
      if (leftovers === "ignore") await stopped;
      else await expect(stopped).rejects.toMatchObject({ code: "notQuiet" });
    }
  });
});
