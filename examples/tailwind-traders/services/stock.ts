import { orders } from "tailwind-contracts";
import { service } from "waybill";
import type { StockRoom } from "../ledgers/stock-room.js";

/** Takes from the shelves what is ordered, and puts back what is sent back. */
export const stockKeeper = service("stock")
  .needs<{ readonly stock: StockRoom }>()
  .subscribe(
    orders,
    {
      placed: ({ data }, { deps }) => deps.stock.move("out", data.lines),
      cancelled: ({ data }, { deps }) => deps.stock.move("in", data.lines),
      paid: "ignore",
    },
    // Counting is not repeatable by itself: a delivery that comes again must not count again.
    { idempotent: true },
  );
