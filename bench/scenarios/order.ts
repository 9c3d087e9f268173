import * as z from "zod";

/** The message of all measurements: 210 bytes of JSON. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly country: string;
  readonly placedAt: string;
  readonly items: readonly { readonly sku: string; readonly quantity: number; readonly cents: number }[];
}

export const order = (number: number): Order => ({
  orderId: String(1_000_000 + number),
  customerId: "17850",
  country: "United Kingdom",
  placedAt: "2010-12-01T08:26:00.000Z",
  items: [
    { sku: "85123A", quantity: 6, cents: 255 },
    { sku: "71053", quantity: 6, cents: 339 },
  ],
});

/** Its encoding: the bytes of every measurement without JSON. */
export const orderBytes: Uint8Array = Buffer.from(JSON.stringify(order(1)));

/** What zod checks of it. */
export const zodOrder = z.object({
  orderId: z.string(),
  customerId: z.string(),
  country: z.string(),
  placedAt: z.string(),
  items: z.array(z.object({ sku: z.string(), quantity: z.int(), cents: z.int() })),
});

/** A schema that accepts everything at no cost. */
export const passThrough = {
  "~standard": {
    version: 1 as const,
    vendor: "bench",
    validate: (value: unknown) => ({ value: value as Order }),
    types: undefined as { readonly input: Order; readonly output: Order } | undefined,
  },
};
