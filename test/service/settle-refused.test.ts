import { describe, expect, it } from "vitest";
import { service, WaybillError } from "waybill";
import { testBus } from "waybill/testing";
import { log } from "./jobs.js";

const refusals = async (error: WaybillError, times: number): Promise<number> => {
  const reader = service("reader").read(log, { done: () => undefined });
  const bus = await testBus(reader);
  bus.failNext("settle", { channel: log, error, times });
  await bus.deliver(log.done, { id: "1" });
  await bus.settle({ advance: "10m" });
  const failed = bus.events.filter(({ event }) => event === "settleFailed").length;
  await bus.stop({ leftovers: "ignore" });
  return failed;
};

describe("an event of a stream that cannot be settled", () => {
  it("is settled again, because it cannot be put back", async () => {
    expect(await refusals(new WaybillError("settleFailed", "no answer"), 3)).toBe(3);
  });

  it("is told by the health of its service until it is settled", async () => {
    const reader = service("reader").read(log, { done: () => undefined });
    const bus = await testBus(reader);
    const error = new WaybillError("settleFailed", "the store of parked events is down");
    bus.failNext("settle", { channel: log, error, times: 3 });
    await bus.deliver(log.done, { id: "1" });
    await bus.settle({ advance: "6s" });
    expect(bus.app().health()).toMatchObject({
      state: "degraded",
      consumers: [
        {
          state: "failing",
          evidence: [{ what: expect.stringContaining("the store of parked events is down") as string }],
        },
      ],
    });
    await bus.settle({ advance: "1m" });
    expect(bus.app().health()).toMatchObject({ state: "ready", consumers: [{ state: "reading" }] });
    await bus.stop();
  });

  it("is left when it is not this process's any more: no other settlement can succeed", async () => {
    expect(await refusals(new WaybillError("lockLost", "the partition moved"), 3)).toBe(1);
  });
});
