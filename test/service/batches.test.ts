import { describe, expect, it } from "vitest";
import { deadLetter, fixed, service } from "waybill";
import { testBus } from "waybill/testing";
import { jobs, log, results } from "./jobs.js";

describe("batch handlers", () => {
  it("get full batches at once, and the rest after the longest wait", async () => {
    const batches: string[][] = [];
    const worker = service("worker").consumeBatch(
      jobs,
      { job: (messages) => void batches.push(messages.map(({ data }) => data.id)) },
      { maxBatch: 3, maxWait: "1s", concurrency: 1 },
    );
    const bus = await testBus(worker);
    for (let n = 0; n < 8; n += 1) await bus.deliver(jobs.job, { id: String(n) });
    await bus.settle();
    expect(batches).toEqual([
      ["0", "1", "2"],
      ["3", "4", "5"],
    ]);
    await bus.settle({ advance: "1s" });
    expect(batches.at(-1)).toEqual(["6", "7"]);
    await bus.stop();
  });

  it("answer for each message: one is dead-lettered, the others are done", async () => {
    const worker = service("worker").consumeBatch(
      jobs,
      { job: (messages) => messages.map(({ data }) => (data.id === "bad" ? deadLetter("bad") : undefined)) },
      { maxBatch: 3 },
    );
    const bus = await testBus(worker);
    for (const id of ["a", "bad", "c"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "1s" });
    expect(bus.deadLetters()).toMatchObject([{ data: { id: "bad" }, reason: "Manual" }]);
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(2);
    await bus.stop();
  });

  it("that throw are repeated for all, each message with its own count", async () => {
    let runs = 0;
    const worker = service("worker").consumeBatch(
      jobs,
      {
        job: () => {
          runs += 1;
          throw new Error("no");
        },
      },
      { maxBatch: 2, retry: { attempts: 2, backoff: fixed("1s") } },
    );
    const bus = await testBus(worker);
    for (const id of ["a", "b"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "1m" });
    expect(runs).toBe(2);
    expect(bus.deadLetters().map(({ attempts }) => attempts)).toEqual([2, 2]);
    await bus.stop();
  });

  it("send because of one of their messages, with an id that does not depend on the batch", async () => {
    const worker = service("worker")
      .sends(results)
      .consumeBatch(
        jobs,
        {
          job: async (messages, { send }) => {
            for (const message of messages) await send(message, results.done, { id: message.data.id });
          },
        },
        { maxBatch: 5 },
      );
    const bus = await testBus(worker);
    for (const id of ["a", "b"]) await bus.deliver(jobs.job, { id });
    await bus.settle({ advance: "1s" });
    expect(bus.sent(results.done)).toEqual([{ id: "a" }, { id: "b" }]);
    await bus.stop();
  });

  it("of a stream hold one partition each, in order", async () => {
    const batches: string[][] = [];
    const reader = service("reader").readBatch(
      log,
      { done: (messages) => void batches.push(messages.map(({ data }) => data.id)) },
      { maxBatch: 10, maxWait: "1s" },
    );
    const bus = await testBus(reader);
    for (let n = 0; n < 6; n += 1)
      await bus.deliver(log.done, { id: String(n) }, { key: n % 2 === 0 ? "even" : "odd" });
    await bus.settle({ advance: "10s" });
    const order = batches.flat();
    expect([...order].sort()).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(order.filter((id) => Number(id) % 2 === 0)).toEqual(["0", "2", "4"]);
    expect(order.filter((id) => Number(id) % 2 === 1)).toEqual(["1", "3", "5"]);
    await bus.stop();
  });
});
