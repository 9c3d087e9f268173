import { ordering, orders } from "tailwind-contracts";
import { service } from "waybill";
import type { OrderBook } from "../ledgers/order-book.js";

/** Takes orders and cancellations into the book, those of one customer in order, and says so. */
export const orderDesk = service("ordering")
  .needs<{ readonly book: OrderBook }>()
  .sends(orders)
  .consume(ordering, {
    place: async (msg, ctx) => {
      ctx.deps.book.place(msg.data);
      await ctx.send(orders.placed, msg.data);
    },
    cancel: async (msg, ctx) => {
      ctx.deps.book.cancel(msg.data);
      await ctx.send(orders.cancelled, msg.data);
    },
  });
