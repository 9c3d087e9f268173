import { describe, expect, it } from "vitest";
import { service } from "waybill";
import { memoryIdempotency } from "waybill/memory";
import { testBus } from "waybill/testing";
import { jobs, log } from "./jobs.js";

const counting = () => {
  const store = memoryIdempotency();
  const counted = { extensions: 0 };
  const idempotency = {
    ...store,
    extend: (...input: Parameters<typeof store.extend>) => {
      counted.extensions += 1;
      return store.extend(...input);
    },
  };
  return { counted, idempotency };
};

describe("the lease of a claim", () => {
  it("is extended three times as often as it must be, also where the lock lasts longer", async () => {
    const { counted, idempotency } = counting();
    const worker = service("worker").consume(
      jobs,
      { job: (_msg, ctx) => ctx.sleep("30s") },
      { idempotent: { lease: "9s" } },
    );
    const bus = await testBus(worker, { idempotency });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "29s" });
    expect(counted.extensions).toBe(9);
    await bus.settle({ advance: "1m" });
    await bus.stop();
  });

  it("is extended for a stream, which has no locks", async () => {
    const { counted, idempotency } = counting();
    const reader = service("reader").read(
      log,
      { done: (_msg, ctx) => ctx.sleep("30s") },
      { idempotent: { lease: "9s" } },
    );
    const bus = await testBus(reader, { idempotency });
    await bus.deliver(log.done, { id: "1" });
    await bus.settle({ advance: "29s" });
    expect(counted.extensions).toBe(9);
    await bus.settle({ advance: "1m" });
    await bus.stop();
  });
});
