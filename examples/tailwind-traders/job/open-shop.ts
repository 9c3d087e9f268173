import { billing, imports, ordering, orders, sales, shipments } from "tailwind-contracts";
import { run, type App, type DeadLetterEntry, type EventListener } from "waybill";
import { memoryIdempotency } from "waybill/memory";
import type { Carrier } from "../carriers/carrier.js";
import type { Ledgers } from "../ledgers/ledgers.js";
import { backOffice, type BackOffice } from "../services/back-office.js";
import { billingDesk } from "../services/billing.js";
import { orderDesk } from "../services/ordering.js";
import { revenueDesk, salesDesk, trendDesk } from "../services/sales.js";
import { customsDesk, dispatchDesk } from "../services/shipping.js";
import { stockKeeper } from "../services/stock.js";
import type { Parts } from "./sabotage.js";

/** The shop with all its services running. */
export interface Shop {
  readonly office: BackOffice;
  readonly intake: App<"ordering">;
  /** Stops the revenue desk, and answers how to go on from its checkpoint. */
  interruptRevenue(): Promise<() => Promise<void>>;
  /** What lies in the dead letters of any service. */
  deadLetters(): Promise<readonly DeadLetterEntry[]>;
  /** Stops every service; each finishes what it has begun. */
  close(): Promise<void>;
}

/** Starts every service in this process. Readers first: what nobody subscribes to, nobody gets. */
export async function openShop(
  { transport }: Carrier,
  parts: Parts,
  ledgers: Ledgers,
  on: EventListener,
): Promise<Shop> {
  const shared = { transport, idempotency: memoryIdempotency(), on };
  const open = new Set<Pick<App, "stop">>();
  const opened = async <A extends Pick<App, "stop">>(starting: Promise<A>): Promise<A> => {
    const app = await starting;
    open.add(app);
    return app;
  };
  const close = async (): Promise<void> => {
    await Promise.all([...open].map((app) => app.stop()));
  };
  try {
    const customs = await opened(run(customsDesk, { ...shared, deps: ledgers }));
    const shipping = await opened(run(dispatchDesk, { ...shared, deps: ledgers }));
    const trends = await opened(run(trendDesk, { ...shared, deps: ledgers }));
    const salesApp = await opened(run(salesDesk, shared));
    const stock = await opened(run(stockKeeper, { ...shared, deps: ledgers }));
    const billingApp = await opened(run(billingDesk, { ...shared, deps: { cards: parts.cards } }));
    const desk = await opened(run(orderDesk, { ...shared, deps: ledgers }));
    const intake = await opened(run(parts.intake, { ...shared, deps: ledgers }));
    const office = await opened(run(backOffice, shared));
    let revenue = await opened(run(revenueDesk, { ...shared, deps: ledgers }));
    return {
      office,
      intake,
      interruptRevenue: async () => {
        await revenue.stop();
        return async () => {
          revenue = await opened(run(parts.revenueAgain, { ...shared, deps: ledgers }));
        };
      },
      deadLetters: async () => {
        const boxes = [
          intake.deadLetters(imports),
          desk.deadLetters(ordering),
          billingApp.deadLetters(orders),
          billingApp.deadLetters(billing),
          stock.deadLetters(orders),
          salesApp.deadLetters(orders),
          shipping.deadLetters(orders),
          revenue.deadLetters(sales),
          trends.deadLetters(sales),
          customs.deadLetters(shipments),
        ];
        return (await Promise.all(boxes.map((box) => box.peek(everything)))).flat();
      },
      close,
    };
  } catch (error) {
    // Half a shop is none: what runs already would run for ever.
    await close();
    throw error;
  }
}

const everything = 1_000_000;
