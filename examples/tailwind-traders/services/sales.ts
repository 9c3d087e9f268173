import { orders, sales } from "tailwind-contracts";
import { service } from "waybill";
import { only } from "waybill/contracts";
import type { BestSellers } from "../ledgers/best-sellers.js";
import type { Revenue } from "../ledgers/revenue.js";

/** Writes every line of every order to the stream of sales. */
export const salesDesk = service("sales")
  .sends(sales)
  .subscribe(only(orders, "placed"), {
    placed: async ({ data: { orderId, corrected, lines } }, ctx) => {
      for (const line of lines) await ctx.send(sales.line, { ...line, orderId, corrected });
    },
  });

/** Reads the sales for the revenue of each country, as one group of readers. */
export const revenueDesk = revenueDeskOf("revenue-by-country");

/** The same desk as another group: it has no checkpoint, so it begins with the oldest sale. */
export function revenueDeskOf(group: string) {
  return service("revenue")
    .needs<{ readonly revenue: Revenue }>()
    .read(
      sales,
      {
        line: ({ data }, { deps }) => deps.revenue.add(data),
        closed: ({ data }, { deps }) => void deps.revenue.closed.add(data.country),
      },
      { as: group },
    );
}

/** Reads the same sales for what sells best, as another group, at its own pace and in batches. */
export const trendDesk = service("trends")
  .needs<{ readonly bestSellers: BestSellers }>()
  .readBatch(
    sales,
    {
      line: (lines, { deps }) => deps.bestSellers.add(lines.map(({ data }) => data)),
      closed: (tills, { deps }) => {
        for (const { data } of tills) deps.bestSellers.closed.add(data.country);
      },
    },
    { as: "best-sellers", maxWait: "20ms" },
  );
