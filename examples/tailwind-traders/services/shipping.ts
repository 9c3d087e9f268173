import { orders, shipments } from "tailwind-contracts";
import { service } from "waybill";
import { only } from "waybill/contracts";

/** Parcels to anywhere else go abroad. */
export const home = "United Kingdom";

/** Ships what is paid, and notifies whoever listens. */
export const dispatchDesk = service("shipping")
  .needs<{ readonly shipped: Set<string> }>()
  .sends(shipments)
  .subscribe(only(orders, "paid"), {
    paid: async ({ data: { orderId, country, pence } }, ctx) => {
      ctx.deps.shipped.add(orderId);
      await ctx.send(
        shipments.shipped,
        { orderId, country, pence },
        { headers: { abroad: country !== home } },
      );
    },
  });

/** Declares parcels that leave the country: the filter keeps all others away. */
export const customsDesk = service("customs")
  .needs<{ readonly declared: Map<string, string> }>()
  .listen(
    shipments,
    { shipped: ({ data }, { deps }) => void deps.declared.set(data.orderId, data.country) },
    { where: { abroad: true } },
  );
