import { describe, expect, it } from "vitest";
import { memoryIdempotency } from "waybill/memory";
import { service } from "waybill";
import { testBus } from "waybill/testing";
import { orderedJobs } from "./jobs.js";

describe("a message of an ordered queue that somebody else is handling for long", () => {
  it("is looked at now and then, not as fast as the broker can deliver it", async () => {
    let claims = 0;
    const store = memoryIdempotency();
    const worker = service("worker").consume(
      orderedJobs,
      { job: () => undefined },
      { idempotent: true, retry: { maxHold: "10s" } },
    );
    const bus = await testBus(worker, {
      idempotency: {
        ...store,
        claim: () => {
          claims += 1;
          return { kind: "busy", retryAfterMs: 60_000 };
        },
      },
    });
    await bus.deliver(orderedJobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(claims).toBeGreaterThan(3);
    expect(claims).toBeLessThan(20);
    await bus.stop({ leftovers: "ignore" });
  });
});
