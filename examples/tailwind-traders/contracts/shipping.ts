import { event, notifications } from "waybill/contracts";
import * as z from "zod";

/** A parcel left the house. The header `abroad` says whether it leaves the country too. */
export const OrderShipped = event("tailwind.shipping.order-shipped", {
  version: 1,
  schema: z.object({
    orderId: z.string(),
    country: z.string(),
    pence: z.int().nonnegative(),
  }),
  key: ({ country }) => country,
});

/** Tells whoever listens that a parcel is on its way. */
export const shipments = notifications("shipments", { messages: { shipped: OrderShipped } });
