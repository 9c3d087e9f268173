import { readFile } from "node:fs/promises";
import * as z from "zod";
import type { InvoiceOfFile } from "./invoice-file.js";

const Correction = z.object({
  invoice: z.string(),
  /** Why somebody may write into an invoice. */
  why: z.string(),
  /** What the rows of the invoice should have said, row by row. */
  rows: z.array(
    z.strictObject({
      stockCode: z.string().optional(),
      description: z.string().optional(),
      quantity: z.string().optional(),
      unitPrice: z.string().optional(),
      customerId: z.string().optional(),
      country: z.string().optional(),
    }),
  ),
});

/** What somebody found out about a dirty invoice. */
export type Correction = z.infer<typeof Correction>;

/** Reads the corrections of the shop. */
export async function readCorrections(path: string | URL): Promise<readonly Correction[]> {
  return z.array(Correction).parse(JSON.parse(await readFile(path, "utf8")));
}

/** The invoice as it should have been filed. */
export function correct<I extends InvoiceOfFile>(filed: I, { rows }: Correction): I {
  return { ...filed, rows: filed.rows.map((row, index) => ({ ...row, ...said(rows[index]) })) };
}

/** Only what the correction names: an absent column is not an empty one. */
const said = (row: Correction["rows"][number] = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries(row).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
