import { command, event, queue, topic } from "waybill/contracts";
import * as z from "zod";

const OrderLine = z.object({
  stockCode: z.string(),
  description: z.string(),
  quantity: z.int(),
  /** Quantity times price, in pence, rounded half up. */
  pence: z.int().nonnegative(),
  country: z.string(),
});

const Order = z.object({
  orderId: z.string(),
  customerId: z.string(),
  country: z.string(),
  /** The sum of the lines, in pence. */
  pence: z.int().nonnegative(),
  /** Whether a person had to correct the invoice first. */
  corrected: z.boolean().default(false),
  lines: z.array(OrderLine).min(1),
});

const Cancellation = z.object({
  cancellationId: z.string(),
  customerId: z.string(),
  /** What comes back, with positive quantities. */
  lines: z.array(OrderLine).min(1),
});

const byCustomer = ({ customerId }: { readonly customerId: string }): string => customerId;

export const PlaceOrder = command("tailwind.ordering.place-order", {
  version: 1,
  schema: Order,
  key: byCustomer,
});

export const CancelOrder = command("tailwind.ordering.cancel-order", {
  version: 1,
  schema: Cancellation,
  key: byCustomer,
});

/** What customers ask for: one customer's wishes are handled one after the other, in order. */
export const ordering = queue("ordering", {
  messages: { place: PlaceOrder, cancel: CancelOrder },
  ordered: "by-key",
});

/** An order was taken. */
export const OrderPlaced = event("tailwind.orders.order-placed", {
  version: 1,
  schema: Order,
  key: byCustomer,
});

/** A customer sent things back. */
export const OrderCancelled = event("tailwind.orders.order-cancelled", {
  version: 1,
  schema: Cancellation,
  key: byCustomer,
});

/** An order was charged, once. */
export const OrderPaid = event("tailwind.orders.order-paid", {
  version: 1,
  schema: Order.omit({ lines: true, corrected: true }),
  key: byCustomer,
});

/** What happens to orders, to whoever cares; in order for each customer. */
export const orders = topic("orders", {
  messages: { placed: OrderPlaced, cancelled: OrderCancelled, paid: OrderPaid },
  ordered: "by-key",
});
