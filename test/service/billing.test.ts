import { describe, expect, it } from "vitest";
import { testBus, type CrashPlan } from "waybill/testing";
import { billing, billingService, fakeCards, orders } from "./tailwind.js";

describe("the billing service of the design", () => {
  it("charges once for an order that is placed once and delivered twice, with no id given anywhere", async () => {
    const cards = fakeCards();
    const bus = await testBus(billingService, { deps: { cards } });
    const msg = await bus.deliver(orders.placed, { orderId: "536365", total: 139.12 });
    await bus.redeliver(msg);
    await bus.settle({ advance: "10m" });
    expect(cards.calls).toEqual(["536365"]);
    expect(bus.sent(billing.charge)).toContainEqual({ orderId: "536365", amount: 139.12 });
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  const crashes: readonly { readonly between: string; readonly plan: CrashPlan }[] = [
    { between: "claim and handler", plan: { port: "store", when: "after", nth: 1 } },
    { between: "handler start and handler end", plan: { port: "handler", when: "before", nth: 2 } },
    { between: "the first handler and its send", plan: { port: "handler", when: "after", nth: 1 } },
    { between: "send and settlement", plan: { port: "send", when: "after", nth: 1 } },
    {
      between: "the second handler and the completion of its claim",
      plan: { port: "handler", when: "after", nth: 2 },
    },
    { between: "completion of the claim and settlement", plan: { port: "store", when: "after", nth: 2 } },
    { between: "settlement and the rest", plan: { port: "settle", when: "after", nth: 2 } },
    { between: "the first settlement and the rest", plan: { port: "settle", when: "after", nth: 1 } },
  ];

  it.each(crashes)("charges exactly once when the process crashes between $between", async ({ plan }) => {
    const cards = fakeCards();
    const bus = await testBus(billingService, { deps: { cards } });
    bus.crash(billingService, plan);
    await bus.deliver(orders.placed, { orderId: "536365", total: 139.12 });
    await bus.settle({ advance: "1s" });
    expect(bus.isAlive(billingService)).toBe(false);
    await bus.restart(billingService);
    await bus.settle({ advance: "10m" });
    expect(cards.charged).toEqual(["536365"]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });
});
