import { billing, orders } from "tailwind-contracts";
import { exponential, service } from "waybill";
import { only } from "waybill/contracts";
import type { Cards } from "./cards.js";

/**
 * Charges every order that is placed.
 *
 * The provider fails now and then, sometimes after it charged, so a charge is tried again; the downstream key is the
 * same on every attempt, and the provider charges once for a key.
 */
export const billingDesk = service("billing")
  .needs<{ readonly cards: Cards }>()
  .sends(billing, orders)
  .subscribe(only(orders, "placed"), {
    placed: async ({ data: { orderId, customerId, country, pence } }, ctx) => {
      await ctx.send(billing.charge, { orderId, customerId, country, pence });
    },
  })
  .consume(
    billing,
    {
      charge: async (msg, ctx) => {
        await ctx.deps.cards.charge(msg.data, {
          idempotencyKey: ctx.idempotency.downstreamKey("charge"),
          signal: ctx.signal,
        });
        await ctx.send(orders.paid, msg.data);
      },
    },
    // The stand-in recovers at once; a real provider deserves more patience.
    { concurrency: 20, retry: { attempts: 12, backoff: exponential({ first: "10ms", max: "80ms" }) } },
  );
