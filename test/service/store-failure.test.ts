import { describe, expect, it } from "vitest";
import { service, type AppEvent } from "waybill";
import { memoryIdempotency } from "waybill/memory";
import { testBus } from "waybill/testing";
import { jobs, orderedJobs } from "./jobs.js";

/** Fails once, with a secret in what it says. */
function failing(step: "claim" | "complete") {
  const store = memoryIdempotency();
  let failures = 1;
  const fail = (): void => {
    if (failures-- > 0) throw new Error("redis://:hunter2@cache is away");
  };
  return {
    ...store,
    claim: (request: Parameters<typeof store.claim>[0]) => {
      if (step === "claim") fail();
      return store.claim(request);
    },
    complete: (...of: Parameters<typeof store.complete>) => {
      if (step === "complete") fail();
      return store.complete(...of);
    },
  };
}

const withError = (events: readonly AppEvent[]) =>
  events.flatMap((event) => ("error" in event && event.error instanceof Error ? [event] : []));

describe("a message whose idempotency store fails", () => {
  it.each([
    ["a queue", jobs],
    ["an ordered queue", orderedJobs],
  ])("before its handler runs says so in the event of what becomes of it: %s", async (_, channel) => {
    const worker = service("worker").consume(channel, { job: () => undefined }, { idempotent: true });
    const bus = await testBus(worker, { idempotency: failing("claim") });
    await bus.deliver(channel.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    const told = withError(bus.events);
    expect(told).toMatchObject([{ id: expect.any(String) as string, error: { code: "storeFailed" } }]);
    expect(["retryingNow", "held", "retryScheduled", "released"]).toContain(told[0]?.event);
    expect(bus.events.map(({ event }) => event)).toContain("handled");
    await bus.stop();
  });

  it("when it is to note that the handler is done says so when the delivery is left", async () => {
    const worker = service("worker").consume(jobs, { job: () => undefined }, { idempotent: true });
    const bus = await testBus(worker, { idempotency: failing("complete") });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    const told = withError(bus.events);
    expect(told).toMatchObject([{ event: "left", error: { code: "storeFailed" } }]);
    expect(JSON.stringify(told.map(({ error }) => (error as Error).cause instanceof Error))).toBe("[true]");
    expect(((told[0] as { error: Error }).error.cause as Error).message).not.toContain("hunter2");
    await bus.stop();
  });
});
