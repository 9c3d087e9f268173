import { imports, ordering, orders, sales, shipments } from "tailwind-contracts";
import { describe, expect, it } from "vitest";
import { testBus } from "waybill/testing";
import { openLedgers } from "../ledgers/ledgers.js";
import { intake } from "../services/intake.js";
import { orderDesk } from "../services/ordering.js";
import { revenueDesk, salesDesk, trendDesk } from "../services/sales.js";
import { customsDesk, dispatchDesk } from "../services/shipping.js";
import { stockKeeper } from "../services/stock.js";

const row = {
  stockCode: "A1",
  description: "MUG",
  quantity: "3",
  invoiceDate: "12/1/2010 8:26",
  unitPrice: "1.25",
  customerId: "17850",
  country: "France",
  surplus: [],
};
const line = { stockCode: "A1", description: "MUG", quantity: 3, pence: 375, country: "France" };
const order = (orderId: string, country = "France", customerId = "17850") => ({
  orderId,
  customerId,
  country,
  pence: 375,
  lines: [{ ...line, country }],
});

describe("intake", () => {
  it("makes an order of an invoice", async () => {
    await using bus = await testBus(intake, { deps: openLedgers() });
    await bus.deliver(imports.invoice, { invoice: "1", replay: 1, rows: [row] });
    await bus.settle();
    expect(bus.sent(ordering.place)).toEqual([{ ...order("1"), corrected: false }]);
  });

  it("makes a cancellation, with positive quantities, of an invoice that begins with C", async () => {
    await using bus = await testBus(intake, { deps: openLedgers() });
    await bus.deliver(imports.invoice, { invoice: "C1", replay: 1, rows: [{ ...row, quantity: "-3" }] });
    await bus.settle();
    expect(bus.sent(ordering.cancel)).toEqual([{ cancellationId: "C1", customerId: "17850", lines: [line] }]);
  });

  it("places an order once when its invoice is filed twice", async () => {
    await using bus = await testBus(intake, { deps: openLedgers() });
    const filed = await bus.deliver(imports.invoice, { invoice: "1", replay: 1, rows: [row] });
    await bus.redeliver(filed);
    await bus.settle();
    expect(bus.sent(ordering.place)).toHaveLength(1);
    expect(bus.events.filter(({ event }) => event === "duplicate")).toHaveLength(1);
  });

  it("dead-letters a dirty invoice once, although it is filed twice", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus(intake, { deps: ledgers });
    const dirty = { invoice: "1", replay: 1, rows: [row, { ...row, unitPrice: "0" }] };
    const filed = await bus.deliver(imports.invoice, dirty);
    await bus.redeliver(filed);
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([
      {
        reason: "Manual",
        description: 'invoice 1: row 2 has price "0", not a sensible amount above 0',
      },
    ]);
    expect(ledgers.register).toMatchObject({ rejected: 1, copiesOfRefused: 1 });
  });

  it("marks the order of a corrected invoice as corrected", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus(intake, { deps: ledgers });
    await bus.deliver(imports.invoice, { invoice: "1", replay: 1, rows: [{ ...row, customerId: "" }] });
    await bus.settle();
    const letters = bus.app().deadLetters(imports);
    const [letter] = await letters.peek();
    if (letter === undefined) throw new Error("the invoice is not in the dead letters");
    await letters.redrive(letter, { edit: () => ({ invoice: "1", replay: 1, rows: [row] }) });
    await bus.settle();
    expect(bus.sent(ordering.place)).toEqual([{ ...order("1"), corrected: true }]);
    expect(bus.deadLetters()).toEqual([]);
    expect(ledgers.register.rejected).toBe(1);
  });
});

describe("ordering", () => {
  it("keeps the order of each customer", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus(orderDesk, { deps: ledgers });
    for (const number of ["1", "2", "3"]) {
      for (const customer of ["a", "b"]) {
        await bus.deliver(ordering.place, order(`${customer}${number}`, "France", customer));
      }
    }
    await bus.settle();
    const taken = [...ledgers.book.placed.keys()];
    expect(taken.filter((id) => id.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
    expect(taken.filter((id) => id.startsWith("b"))).toEqual(["b1", "b2", "b3"]);
  });
});

describe("stock", () => {
  it("moves pieces once, however often the message comes", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus(stockKeeper, { deps: ledgers });
    const placed = await bus.deliver(orders.placed, order("1"));
    const back = await bus.deliver(orders.cancelled, {
      cancellationId: "C1",
      customerId: "17850",
      lines: [line],
    });
    await bus.redeliver(placed);
    await bus.redeliver(back);
    await bus.settle();
    expect(ledgers.stock).toMatchObject({ out: 3, in: 3, moves: 2 });
  });
});

describe("sales", () => {
  it("brings every line to both groups of readers", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus([salesDesk, revenueDesk, trendDesk], { deps: ledgers });
    await bus.deliver(orders.placed, order("1"));
    await bus.deliver(orders.placed, { ...order("2", "Germany"), corrected: true });
    await bus.settle({ advance: "1s" });
    expect(bus.sent(sales.line)).toHaveLength(2);
    expect(ledgers.revenue).toMatchObject({ lines: 1, allLines: 2 });
    expect([...ledgers.revenue.byCountry]).toEqual([["France", 375]]);
    expect(ledgers.bestSellers).toMatchObject({ lines: 2, pieces: 6 });
  });
});

describe("shipping", () => {
  it("notifies of every parcel, and customs hear of those that go abroad alone", async () => {
    const ledgers = openLedgers();
    await using bus = await testBus([dispatchDesk, customsDesk], { deps: ledgers });
    for (const [orderId, country] of [
      ["1", "France"],
      ["2", "United Kingdom"],
    ] as const) {
      await bus.deliver(orders.paid, { orderId, customerId: "17850", country, pence: 375 });
    }
    await bus.settle();
    expect(bus.sent(shipments.shipped)).toHaveLength(2);
    expect([...ledgers.declared]).toEqual([["1", "France"]]);
  });
});
