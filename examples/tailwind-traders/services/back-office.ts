import { createHash } from "node:crypto";
import { imports, sales, type ImportInvoice } from "tailwind-contracts";
import { service, type App } from "waybill";
import type { InputOf } from "waybill/contracts";

/** An invoice on its way to the import queue. */
export type Filing = InputOf<typeof ImportInvoice>;

/** Files the invoices of the day, and closes the tills at its end. It handles nothing: a pure sender. */
export const backOffice = service("back-office").sends(imports, sales);
export type BackOffice = App<"import" | "sales">;

/** An invoice did not reach the queue, so the day's figures cannot come out right. */
export class NotFiled extends Error {}

/**
 * Files invoices. An invoice that is filed twice has the same id both times: that is how everybody downstream knows it.
 * @throws {NotFiled} if the broker does not take one, such as an invoice of over 256 KB.
 */
export async function file(office: BackOffice, filings: readonly Filing[]): Promise<void> {
  const outcomes = await office.sendMany(imports.invoice, filings, (filing) => ({ id: idOf(filing) }));
  for (const [index, outcome] of outcomes.entries()) {
    if (outcome.ok) continue;
    const cause = outcome.error;
    throw new NotFiled(`invoice ${filings[index]?.invoice ?? ""} was not filed: ${cause.message}`, { cause });
  }
}

/** Tells the readers of the sales that the lines of these countries are complete. */
export async function closeTills(office: BackOffice, countries: Iterable<string>): Promise<void> {
  for (const country of countries) await office.send(sales.closed, { country });
}

/** The same for the same content, whatever it is, and short enough for every broker. */
const idOf = (filing: Filing): string =>
  createHash("sha256").update(JSON.stringify(filing)).digest("base64url");
