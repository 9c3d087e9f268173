import { describe, expect, it } from "vitest";
import { deadLetter, fixed, retry, service, WaybillError } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, later, results } from "./jobs.js";

describe("what a handler sends", () => {
  it("leaves after the handler has returned, with the message in hand as its cause", async () => {
    const order: string[] = [];
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async ({ data }, ctx) => {
          await ctx.send(results.done, { id: data.id });
          order.push(`handler ends, ${String(bus.sent(results.done).length)} sent`);
        },
      });
    const sink = service("sink").consume(results, {
      done: (msg) =>
        void order.push(`caused by ${String(msg.causationId)}, of ${msg.correlationId}, from ${msg.source}`),
    });
    const bus = await testBus([worker, sink]);
    const { id } = await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(order).toEqual(["handler ends, 0 sent", `caused by ${id}, of ${id}, from worker`]);
    await bus.stop();
  });

  it("may be sent by functions that the handler took out of its context", async () => {
    const keys = new Set<string>();
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async ({ data }, { send, sendNow, sleep, idempotency: { downstreamKey } }) => {
          await send(results.done, { id: `${data.id}, later` });
          await sendNow(results.done, { id: `${data.id}, now` });
          await sleep("1s");
          keys.add(downstreamKey("charge"));
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1s" });
    expect(bus.sent(results.done)).toEqual([{ id: "1, now" }, { id: "1, later" }]);
    expect(keys.size).toBe(1);
    await bus.stop();
  });

  it("stays unsent when the handler throws or asks for another run", async () => {
    let run = 0;
    const worker = service("worker")
      .sends(results)
      .consume(
        jobs,
        {
          job: async (_msg, ctx) => {
            run += 1;
            await ctx.send(results.done, { id: String(run) });
            if (run === 1) throw new Error("no");
            return run === 2 ? retry() : undefined;
          },
        },
        { retry: { backoff: fixed("1s") } },
      );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(bus.sent(results.done)).toEqual([{ id: "3" }]);
    await bus.stop();
  });

  it("is sent when the handler says itself that the message goes to the dead letters", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async ({ data }, ctx) => {
          await ctx.send(results.done, { id: data.id });
          return deadLetter("rejected, and told");
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.sent(results.done)).toEqual([{ id: "1" }]);
    expect(bus.deadLetters()).toHaveLength(1);
    await bus.stop();
  });

  it("has the same ids on every run, and different ones within a run", async () => {
    const ids: string[][] = [];
    const fail = [true, false];
    const worker = service("worker")
      .sends(results)
      .consume(
        jobs,
        {
          job: async (_msg, ctx) => {
            const sent = [
              await ctx.send(results.done, { id: "a" }),
              await ctx.send(results.done, { id: "b" }),
            ];
            ids.push(sent.map(({ id }) => id));
            if (fail.shift() === true) throw new Error("again");
          },
        },
        { retry: { backoff: fixed("1s") } },
      );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(ids).toHaveLength(2);
    expect(ids[0]).toEqual(ids[1]);
    expect(new Set(ids[0]).size).toBe(2);
    await bus.stop();
  });

  it("is waited for although the handler did not", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: ({ data }, ctx) => {
          void ctx.send(results.done, { id: data.id });
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.sent(results.done)).toEqual([{ id: "1" }]);
    await bus.stop();
  });

  const invalid = { id: 1 } as unknown as { id: string };

  it("fails the delivery if it is invalid and the handler did not look", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(jobs, { job: (_msg, ctx) => void ctx.send(results.done, invalid) });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent" }]);
    await bus.stop();
  });

  it("may be invalid if the handler catches it", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: async (_msg, ctx) => {
          await ctx.send(results.done, invalid).catch(() => ctx.send(results.done, { id: "instead" }));
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.sent(results.done)).toEqual([{ id: "instead" }]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("is refused after the handler has ended", async () => {
    let late: (() => Promise<unknown>) | undefined;
    const worker = service("worker")
      .sends(results)
      .consume(jobs, {
        job: (_msg, ctx) => {
          late = () => ctx.send(results.done, { id: "late" });
        },
      });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    await expect(late?.()).rejects.toMatchObject({ code: "contextEnded" });
    expect(bus.sent(results.done)).toEqual([]);
    await bus.stop();
  });

  it("leaves at once with sendNow, whatever becomes of the handler", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(
        jobs,
        {
          job: async (_msg, ctx) => {
            await ctx.sendNow(results.done, { id: "now" });
            throw new Error("no");
          },
        },
        { retry: { attempts: 1 } },
      );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.sent(results.done)).toEqual([{ id: "now" }]);
    await bus.stop();
  });

  it("fails the handler when the dispatch fails, and repeats the same id", async () => {
    const worker = service("worker")
      .sends(results)
      .consume(
        jobs,
        {
          job: async ({ data }, ctx) => {
            await ctx.send(results.done, { id: data.id });
          },
        },
        {
          retry: { backoff: fixed("1s") },
        },
      );
    const received: string[] = [];
    const sink = service("sink").consume(results, { done: ({ id }) => void received.push(id) });
    const bus = await testBus([worker, sink]);
    bus.failNext("send", {
      channel: results,
      error: new WaybillError("ambiguousSend", "no answer"),
      afterEffect: true,
    });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(received).toHaveLength(2);
    expect(new Set(received).size).toBe(1);
    await bus.stop();
  });
});

describe("sending from outside of handlers", () => {
  it("delays on a scheduled channel, and can be cancelled", async () => {
    const seen: string[] = [];
    const sink = service("sink")
      .sends(later)
      .consume(later, { done: ({ data }) => void seen.push(data.id) });
    const bus = await testBus(sink);
    const app = bus.app();
    await app.send(later.done, { id: "soon" }, { delay: "10s" });
    const never = await app.send(later.done, { id: "never" }, { delay: "20s" });
    await app.send(later.done, { id: "past" }, { at: new Date(0) });
    await bus.settle();
    expect(seen).toEqual(["past"]);
    expect(await app.cancel(later, never)).toBe(true);
    await bus.settle({ advance: "1m" });
    expect(seen).toEqual(["past", "soon"]);
    expect(await app.cancel(later, never)).toBe(false);
    await bus.stop();
  });

  it("reports the outcome of each message of many, in order, and never throws", async () => {
    const bus = await testBus(service("s").sends(results));
    const outcomes = await bus
      .app()
      .sendMany(
        results.done,
        [{ id: "1" }, { id: 2 } as unknown as { id: string }, { id: "" }, { id: "4" }],
        (_data, index) => ({
          id: `m-${String(index)}`,
        }),
      );
    expect(outcomes.map((outcome) => (outcome.ok ? outcome.id : outcome.error))).toMatchObject([
      "m-0",
      { code: "invalidMessage" },
      { code: "keyRequired" },
      "m-3",
    ]);
    expect(bus.sent(results.done)).toEqual([{ id: "1" }, { id: "4" }]);
    await bus.stop();
  });

  it("leaves every message of a batch ambiguous whose answer is lost, and sends none of them again", async () => {
    const bus = await testBus(service("s").sends(results));
    const error = new WaybillError("ambiguousSend", "no answer");
    bus.failNext("send", { error, afterEffect: true });
    const outcomes = await bus.app().sendMany(results.done, [{ id: "1" }, { id: "2" }, { id: "3" }]);
    expect(outcomes).toMatchObject([1, 2, 3].map(() => ({ ok: false, error: { class: "ambiguous" } })));
    expect(bus.sent(results.done)).toEqual([{ id: "1" }, { id: "2" }, { id: "3" }]);
    await bus.stop();
  });
});
