import { billing, orders } from "tailwind-contracts";
import { describe, expect, it } from "vitest";
import { testBus } from "waybill/testing";
import { tamper } from "../job/sabotage.js";
import { openCardProvider } from "../provider/card-provider.js";
import { billingDesk } from "../services/billing.js";
import type { Cards } from "../services/cards.js";
import { intake } from "../services/intake.js";
import { revenueDesk } from "../services/sales.js";

const numbers = Array.from({ length: 60 }, (_, index) => `order-${index}`);

const order = (orderId: string) => ({
  orderId,
  customerId: "17850",
  country: "France",
  pence: 100,
  lines: [{ stockCode: "A", description: "MUG", quantity: 1, pence: 100, country: "France" }],
});

/** Delivers each order, all of them twice, and waits out every retry. */
async function bill(cards: Cards) {
  const bus = await testBus(billingDesk, { deps: { cards } });
  for (const number of numbers) {
    const message = await bus.deliver(orders.placed, order(number));
    await bus.redeliver(message);
  }
  await bus.settle({ advance: "1m" });
  return bus;
}

describe("billing", () => {
  it("charges each order once, although the provider fails and every order comes twice", async () => {
    const provider = openCardProvider();
    await using bus = await bill(provider);
    expect(provider.charges.map(({ orderId }) => orderId).sort()).toEqual([...numbers].sort());
    expect(provider.charges.every(({ pence }) => pence === 100)).toBe(true);
    expect(provider.repeatsRecognised).toBeGreaterThan(numbers.length / 2);
    expect(bus.events.filter(({ event }) => event === "retryScheduled").length).toBeGreaterThan(5);
    expect(bus.deadLetters()).toEqual([]);
  });

  it("says of every order that it is paid", async () => {
    await using bus = await bill(openCardProvider());
    const paid = new Set(bus.sent(orders.paid).map(({ orderId }) => orderId));
    expect([...paid].sort()).toEqual([...numbers].sort());
  });

  it("charges orders twice when the key is switched off", async () => {
    const provider = openCardProvider();
    const { cards } = tamper({ intake, cards: provider, revenueAgain: revenueDesk }, "charge-twice");
    await using _bus = await bill(cards);
    const charged = provider.charges.map(({ orderId }) => orderId);
    expect(new Set(charged).size).toBe(numbers.length);
    expect(charged.length).toBeGreaterThan(numbers.length);
  });

  it("puts a charge into the dead letters when the provider stays away, and into no other place", async () => {
    const gone: Cards = { charge: () => Promise.reject(new Error("the provider is gone")) };
    const bus = await testBus(billingDesk, { deps: { cards: gone } });
    await bus.deliver(orders.placed, order("1"));
    await bus.settle({ advance: "1m" });
    expect(bus.deadLetters()).toMatchObject([
      { channel: "billing", reason: "MaxAttempts", description: "the provider is gone", attempts: 12 },
    ]);
    expect(bus.sent(orders.paid)).toEqual([]);
    expect(bus.sent(billing.charge)).toHaveLength(1);
    await bus.stop();
  });
});

describe("the provider", () => {
  it("fails about one call in five, half of them after it charged", async () => {
    const provider = openCardProvider();
    const signal = new AbortController().signal;
    let failed = 0;
    const calls = 2000;
    for (let call = 0; call < calls; call += 1) {
      const options = { idempotencyKey: `${call}`, signal };
      await provider.charge({ orderId: `${call}`, pence: 1 }, options).catch(() => (failed += 1));
    }
    expect(failed / calls).toBeGreaterThan(0.17);
    expect(failed / calls).toBeLessThan(0.23);
    const failedAfterCharging = provider.charges.length - (calls - failed);
    expect(failedAfterCharging / calls).toBeGreaterThan(0.08);
    expect(failedAfterCharging / calls).toBeLessThan(0.12);
  });
});
