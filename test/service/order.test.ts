import { describe, expect, it } from "vitest";
import { deadLetter, defer, fixed, service } from "waybill";
import { testBus } from "waybill/testing";
import { orderedJobs } from "./jobs.js";

describe("the messages of one key", () => {
  it("go on behind one that was dead-lettered, and that one comes after them when it is redriven", async () => {
    const seen: string[] = [];
    let refuse = true;
    const worker = service("worker").consume(orderedJobs, {
      job: ({ data }) => {
        if (data.id === "1" && refuse) return deadLetter("not yet");
        seen.push(data.id);
        return undefined;
      },
    });
    const bus = await testBus(worker);
    for (const id of ["1", "2", "3"]) await bus.deliver(orderedJobs.job, { id });
    await bus.settle();
    expect(seen).toEqual(["2", "3"]);
    refuse = false;
    const letters = bus.app().deadLetters(orderedJobs);
    for (const letter of await letters.peek()) await letters.redrive(letter);
    await bus.settle();
    expect(seen).toEqual(["2", "3", "1"]);
    await bus.stop();
  });

  it("go on behind one that is deferred, and that one comes after them when it is fetched", async () => {
    const seen: string[] = [];
    let kept: string | undefined;
    const worker = service("worker").consume(orderedJobs, {
      job: ({ data, broker }) => {
        if (data.id === "1" && kept === undefined) {
          kept = broker.sequenceNumber;
          return defer();
        }
        seen.push(data.id);
        return undefined;
      },
    });
    const bus = await testBus(worker);
    for (const id of ["1", "2"]) await bus.deliver(orderedJobs.job, { id });
    await bus.settle();
    expect(seen).toEqual(["2"]);
    expect(await bus.app().resumeDeferred(orderedJobs, [kept ?? ""])).toBe(1);
    await bus.settle();
    expect(seen).toEqual(["2", "1"]);
    await bus.stop();
  });
});

describe("keys that wait for their retries", () => {
  it("are 64 more than the concurrency; while so many wait, other keys wait with them", async () => {
    const seen = new Set<string>();
    const worker = service("worker").consume(
      orderedJobs,
      {
        job: ({ data }, ctx) => {
          seen.add(data.key);
          if (ctx.attempt === 1) throw new Error("again");
        },
      },
      { concurrency: 2, retry: { backoff: fixed("1m") } },
    );
    const bus = await testBus(worker);
    for (let n = 0; n < 80; n += 1) await bus.deliver(orderedJobs.job, { id: String(n), key: String(n) });
    await bus.settle({ advance: "30s" });
    expect(seen.size).toBe(66);
    await bus.settle({ advance: "5m" });
    expect(seen.size).toBe(80);
    await bus.stop();
  });
});
