import type { CancelOrder, ImportInvoice, PlaceOrder } from "tailwind-contracts";
import type { InputOf, OutputOf } from "waybill/contracts";
import { linePence } from "./line-pence.js";

type Filed = OutputOf<typeof ImportInvoice>;
type FiledRow = Filed["rows"][number];
type Order = InputOf<typeof PlaceOrder>;
type Cancellation = InputOf<typeof CancelOrder>;

/** What an invoice as filed turns out to be. */
export type Reading =
  | { readonly kind: "order"; readonly order: Order }
  | { readonly kind: "cancellation"; readonly cancellation: Cancellation }
  | { readonly kind: "unusable"; readonly why: string };

/** Reads an invoice as filed. One bad row makes the whole invoice unusable; `why` names every one. */
export function readInvoice({ invoice, replay, rows }: Filed): Reading {
  const cancels = invoice.startsWith("C");
  const read = rows.map((row) => readRow(row, cancels));
  const problems = read.flatMap(({ problems }, index) => problems.map((text) => `row ${index + 1} ${text}`));
  if (invoice === "") problems.unshift("it has no number");
  const [first] = rows;
  if (problems.length > 0 || first === undefined) return { kind: "unusable", why: listed(problems) };

  // Each replay of the file is another day's business with numbers of its own.
  const id = replay === 1 ? invoice : `${invoice}/${replay}`;
  const { customerId, country } = first;
  const lines = read.map(({ line }) => line);
  if (cancels) return { kind: "cancellation", cancellation: { cancellationId: id, customerId, lines } };
  const pence = lines.reduce((sum, line) => sum + line.pence, 0);
  return { kind: "order", order: { orderId: id, customerId, country, pence, lines } };
}

interface ReadRow {
  readonly line: Order["lines"][number];
  readonly problems: readonly string[];
}

function readRow(row: FiledRow, cancels: boolean): ReadRow {
  const filed = /^[+-]?\d+$/.test(row.quantity) ? Number(row.quantity) : Number.NaN;
  const quantity = cancels ? -filed : filed;
  const countable = Number.isSafeInteger(quantity) && quantity > 0;
  const pence = linePence(countable ? quantity : 1, row.unitPrice);
  const problems = [
    ...problemsOfName("customer", row.customerId),
    ...problemsOfName("country", row.country),
    ...(countable
      ? []
      : [`has quantity ${quoted(row.quantity)}, not a whole number ${cancels ? "below" : "above"} 0`]),
    ...(pence === undefined ? [`has price ${quoted(row.unitPrice)}, not a sensible amount above 0`] : []),
    ...(row.surplus.length === 0 ? [] : [`has ${row.surplus.length} columns too many`]),
  ];
  const { stockCode, description, country } = row;
  return { line: { stockCode, description, quantity, pence: pence ?? 0, country }, problems };
}

/** Names become keys of channels, and keys are short. */
function problemsOfName(what: string, name: string): readonly string[] {
  if (name === "") return [`has no ${what}`];
  return name.length <= 100 ? [] : [`has a ${what} of ${name.length} characters`];
}

const quoted = (text: string): string =>
  text === "" ? "(none)" : JSON.stringify(text.length > 20 ? `${text.slice(0, 20)}…` : text);

function listed(problems: readonly string[]): string {
  const shown = problems.slice(0, 5).join("; ");
  return problems.length > 5 ? `${shown}; and ${problems.length - 5} more` : shown;
}
