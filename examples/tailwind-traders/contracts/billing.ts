import { command, queue } from "waybill/contracts";
import * as z from "zod";

export const ChargeCard = command("tailwind.billing.charge-card", {
  version: 1,
  schema: z.object({
    orderId: z.string(),
    customerId: z.string(),
    country: z.string(),
    pence: z.int().nonnegative(),
  }),
});

/** Charges to make, in no order: a slow card holds up nobody else. */
export const billing = queue("billing", { messages: { charge: ChargeCard } });
