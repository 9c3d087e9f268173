import type { CancelOrder, PlaceOrder } from "tailwind-contracts";
import type { OutputOf } from "waybill/contracts";

type Order = OutputOf<typeof PlaceOrder>;
type Cancellation = OutputOf<typeof CancelOrder>;

/** The orders and cancellations that were taken, by number: taking one twice changes nothing. */
export interface OrderBook {
  readonly placed: ReadonlyMap<string, Order>;
  readonly cancelled: ReadonlyMap<string, Cancellation>;
  /** Lines of all orders placed. */
  readonly lines: number;
  place(order: Order): void;
  cancel(cancellation: Cancellation): void;
}

export function openOrderBook(): OrderBook {
  const placed = new Map<string, Order>();
  const cancelled = new Map<string, Cancellation>();
  let lines = 0;
  return {
    placed,
    cancelled,
    get lines() {
      return lines;
    },
    place: (order) => {
      if (!placed.has(order.orderId)) lines += order.lines.length;
      placed.set(order.orderId, order);
    },
    cancel: (cancellation) => void cancelled.set(cancellation.cancellationId, cancellation),
  };
}
