import { openBestSellers, type BestSellers } from "./best-sellers.js";
import { openOrderBook, type OrderBook } from "./order-book.js";
import { openRegister, type Register } from "./register.js";
import { openRevenue, type Revenue } from "./revenue.js";
import { openStockRoom, type StockRoom } from "./stock-room.js";

/** What the handlers record. Each service is given its own; the job reads them all. */
export interface Ledgers {
  readonly register: Register;
  readonly book: OrderBook;
  readonly stock: StockRoom;
  readonly revenue: Revenue;
  readonly bestSellers: BestSellers;
  /** Orders that left the house. */
  readonly shipped: Set<string>;
  /** Orders that were declared at customs, with their country. */
  readonly declared: Map<string, string>;
}

export const openLedgers = (): Ledgers => ({
  register: openRegister(),
  book: openOrderBook(),
  stock: openStockRoom(),
  revenue: openRevenue(),
  bestSellers: openBestSellers(),
  shipped: new Set(),
  declared: new Map(),
});
