import * as z from "zod";
import { deadLetter, exponential, run, service } from "waybill";
import { command, event, notifications, only, queue, stream, topic } from "waybill/contracts";
import { memory } from "waybill/memory";
import { testBus } from "waybill/testing";

const OrderPlacedV1 = event("tailwind.orders.order-placed", {
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
  schema: z.object({ orderId: z.string(), reason: z.enum(["customer", "stock"]).optional() }),
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
export const placedOrders = only(orders, "placed");
export const billing = queue("billing", { messages: { charge: ChargeCard }, scheduled: true });
export const sales = stream("sales", { messages: { placed: OrderPlaced }, partitions: 4 });
export const shipments = notifications("shipments", { messages: { cancelled: OrderCancelled } });

export const billingService = service("billing")
  .needs<{ readonly charge: (orderId: string, key: string, signal: AbortSignal) => Promise<boolean> }>()
  .sends(billing, sales, shipments)
  .subscribe(placedOrders, {
    placed: async (msg, ctx) => {
      await ctx.send(billing.charge, { orderId: msg.data.orderId, amount: msg.data.total }, { delay: "1m" });
    },
  })
  .consume(
    billing,
    {
      charge: async (msg, ctx) => {
        const key = ctx.idempotency.downstreamKey("charge");
        const charged = await ctx.deps.charge(msg.data.orderId, key, ctx.signal);
        return charged ? undefined : deadLetter("the card was declined");
      },
    },
    {
      concurrency: 20,
      idempotent: { retention: "7d" },
      retry: { attempts: 5, backoff: exponential({ max: "10m" }) },
    },
  )
  .read(sales, { placed: "ignore" })
  .listen(shipments, { cancelled: "ignore" });

export const bus = await testBus(billingService, { deps: { charge: async () => true } });
export const start = () => run(billingService, { deps: { charge: async () => true }, transport: memory() });
export const delivered = await bus.deliver(orders.placed, { orderId: "536365", total: 139.12 });
export const handler = async (): Promise<void> => bus.settle({ advance: "10m" });
