import { event, stream } from "waybill/contracts";
import * as z from "zod";

/** One line of an order was sold. */
export const LineSold = event("tailwind.sales.line-sold", {
  version: 1,
  schema: z.object({
    orderId: z.string(),
    stockCode: z.string(),
    description: z.string(),
    quantity: z.int().positive(),
    pence: z.int().nonnegative(),
    country: z.string(),
    corrected: z.boolean(),
  }),
  key: ({ country }) => country,
});

/** No more lines of this country today. Same key, so it is read after all of them. */
export const TillClosed = event("tailwind.sales.till-closed", {
  version: 1,
  schema: z.object({ country: z.string() }),
  key: ({ country }) => country,
});

/** Everything sold, kept for a day: each group of readers goes through it at its own pace. */
export const sales = stream("sales", {
  messages: { line: LineSold, closed: TillClosed },
  partitions: 4,
  retention: "1d",
});
