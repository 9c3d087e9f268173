import { command, queue } from "waybill/contracts";
import * as z from "zod";

/** A row as it was filed: whatever the shop wrote. A column that the row does not have is empty. */
const FiledRow = z.object({
  stockCode: z.string(),
  description: z.string(),
  quantity: z.string(),
  invoiceDate: z.string(),
  unitPrice: z.string(),
  customerId: z.string(),
  country: z.string(),
  /** What the row has beyond its last column. */
  surplus: z.array(z.string()),
});

/** An invoice as filed. Lenient on purpose: what is wrong with it is for people to read, not for parsers. */
export const FiledInvoice = z.object({
  invoice: z.string(),
  /** Which replay of the file it belongs to, from 1. */
  replay: z.int().positive(),
  rows: z.array(FiledRow),
});

/** Take over one invoice. */
export const ImportInvoice = command("tailwind.import.invoice", { version: 1, schema: FiledInvoice });

/** Invoices as filed, in no order. What cannot be an order ends in its dead letters. */
export const imports = queue("import", { messages: { invoice: ImportInvoice } });
