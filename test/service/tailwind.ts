import * as z from "zod";
import { command, event, queue, topic } from "waybill/contracts";
import { exponential, service } from "waybill";

export const OrderPlacedV1 = event("tailwind.orders.order-placed", {
  version: 1,
  schema: z.object({ orderId: z.string(), cents: z.int() }),
});

export const OrderPlaced = event("tailwind.orders.order-placed", {
  version: 2,
  schema: z.object({ orderId: z.string(), total: z.number(), channel: z.string().default("web") }),
  key: (order) => order.orderId,
}).from(OrderPlacedV1, (v1) => ({ orderId: v1.orderId, total: v1.cents / 100 }));

export const OrderCancelled = event("tailwind.orders.order-cancelled", {
  version: 1,
  schema: z.object({ orderId: z.string() }),
  key: (order) => order.orderId,
});

export const ChargeCard = command("tailwind.billing.charge-card", {
  version: 1,
  schema: z.object({ orderId: z.string(), amount: z.number() }),
});

export const orders = topic("orders", {
  messages: { placed: OrderPlaced, cancelled: OrderCancelled },
  ordered: "by-key",
});
export const billing = queue("billing", {
  messages: { charge: ChargeCard },
  scheduled: true,
  dedupWindow: "10m",
});

export class CardDeclined extends Error {}

export interface Cards {
  charge(
    command: { readonly orderId: string; readonly amount: number },
    options: { readonly idempotencyKey: string; readonly signal: AbortSignal },
  ): Promise<void>;
}

export const billingService = service("billing")
  .needs<{ cards: Cards }>()
  .sends(billing)
  .subscribe(orders, {
    placed: async (msg, ctx) => {
      await ctx.send(billing.charge, { orderId: msg.data.orderId, amount: msg.data.total });
    },
    cancelled: "ignore",
  })
  .consume(
    billing,
    {
      charge: async (msg, ctx) => {
        await ctx.deps.cards.charge(msg.data, {
          idempotencyKey: ctx.idempotency.downstreamKey("charge"),
          signal: ctx.signal,
        });
      },
    },
    {
      concurrency: 20,
      idempotent: { retention: "7d" },
      retry: { attempts: 5, backoff: exponential({ max: "10m" }), giveUpOn: [CardDeclined] },
    },
  );

/** A payment provider: charges once per idempotency key, and notes every call. */
export function fakeCards(): Cards & { readonly charged: string[]; readonly calls: string[] } {
  const keys = new Set<string>();
  const charged: string[] = [];
  const calls: string[] = [];
  return {
    charged,
    calls,
    charge: (charge, { idempotencyKey }) => {
      calls.push(charge.orderId);
      if (!keys.has(idempotencyKey)) charged.push(charge.orderId);
      keys.add(idempotencyKey);
      return Promise.resolve();
    },
  };
}
