import { describe, expect, it } from "vitest";
import { fixed, service, WaybillError } from "waybill";
import { only, stream, queue } from "waybill/contracts";
import { testBus } from "waybill/testing";
import { Done, Job, jobs } from "./jobs.js";

const mixed = stream("mixed", { messages: { done: Done, job: Job } });
const both = queue("both", { messages: { done: Done, job: Job } });

describe("a channel that is narrowed by only()", () => {
  it("is read without the other messages of the stream", async () => {
    const seen: string[] = [];
    const bus = await testBus(
      service("s").read(only(mixed, "done"), { done: ({ data }) => void seen.push(data.id) }),
    );
    await bus.deliverRaw(mixed, {
      type: "t.job",
      version: 1,
      body: '{"id":"1"}',
      contentType: "application/json",
    });
    await bus.deliver(only(mixed, "done").done, { id: "2" });
    await bus.settle();
    expect(seen).toEqual(["2"]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("is refused where it is a queue: nobody would handle the rest", () => {
    expect(() => service("s").consume(only(both, "job"), { job: () => undefined })).toThrow(
      /handle them all/,
    );
  });
});

describe("what only a change of the code can cure", () => {
  it("dead-letters at once instead of being tried for ever", async () => {
    const wrong = "10 minutes" as "10m";
    const bus = await testBus(service("s").consume(jobs, { job: (_msg, ctx) => ctx.sleep(wrong) }));
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent", attempts: 1 }]);
    await bus.stop();
  });
});

describe("an outage", () => {
  it("is asked less and less often, and spends no attempt", async () => {
    const runs: number[] = [];
    const worker = service("s").consume(jobs, {
      job: () => {
        runs.push(bus.now().getTime());
        throw new WaybillError("storeFailed", "down");
      },
    });
    const bus: Awaited<ReturnType<typeof testBus>> = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1d" });
    expect(runs.length).toBeLessThan(60);
    expect(runs.length).toBeGreaterThan(10);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("is asked as often as a fixed back-off says", async () => {
    let runs = 0;
    const worker = service("s").consume(
      jobs,
      {
        job: () => {
          runs += 1;
          throw new WaybillError("storeFailed", "down");
        },
      },
      { retry: { backoff: fixed("1m") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect(runs).toBe(11);
    await bus.stop();
  });
});
