import { describe, expect, it } from "vitest";
import { service } from "waybill";
import { memoryBroker, memory, memoryIdempotency } from "waybill/memory";
import { testBus } from "waybill/testing";
import { jobs, log } from "./jobs.js";

describe("a message whose claim the store does not confirm as done", () => {
  it("is not handled again, and the partition's progress goes on", async () => {
    let runs = 0;
    let lost = 1;
    const broker = memoryBroker();
    const store = memoryIdempotency();
    const reader = service("reader").read(
      log,
      { done: () => void (runs += 1) },
      { idempotent: true, checkpoint: { events: 1 } },
    );
    const bus = await testBus(reader, {
      transport: memory({ broker }),
      idempotency: {
        ...store,
        complete: (handle, retentionMs) => {
          const answer = store.complete(handle, retentionMs);
          if (lost > 0) {
            lost -= 1;
            throw new Error("the answer was lost");
          }
          return answer;
        },
      },
    });
    await bus.deliver(log.done, { id: "same" });
    await bus.deliver(log.done, { id: "same" });
    await bus.settle({ advance: "1m" });
    expect(runs).toBe(2);
    const behind = broker.counts().filter(({ kind }) => kind === "group");
    expect(behind).toMatchObject([{ active: 0 }]);
    await bus.stop();
  });

  it("does not answer for other content under the same key", async () => {
    const seen: string[] = [];
    const store = memoryIdempotency();
    let lost = 1;
    const worker = service("worker").consume(
      jobs,
      { job: ({ data }) => void seen.push(data.id) },
      { idempotent: { lease: "5s" } },
    );
    const bus = await testBus(worker, {
      idempotency: {
        ...store,
        complete: (handle, retentionMs) => {
          const answer = store.complete(handle, retentionMs);
          if (lost-- > 0) throw new Error("the answer was lost");
          return answer;
        },
      },
    });
    await bus.deliver(jobs.job, { id: "first" }, { id: "1" });
    await bus.settle();
    await bus.deliver(jobs.job, { id: "second" }, { id: "1" });
    await bus.settle({ advance: "5m" });
    expect(seen).toEqual(["first"]);
    expect(bus.deadLetters()).toMatchObject([{ reason: "IdempotencyKeyReuse", data: { id: "second" } }]);
    await bus.stop();
  });
});
