import type { Day } from "../job/the-day.js";
import { figuresOf } from "../report/figures.js";
import type { ControlTotals } from "./control-totals.js";

/** Compares what the services recorded with what the file says. One sentence for each difference; none if all is well. */
export function differences(day: Day, control: ControlTotals): readonly string[] {
  const { stock, bestSellers, revenue, shipped, declared } = day.ledgers;
  const figures = figuresOf(day);
  const placed = control.orders + control.corrected;
  const total = [...control.penceByCountry.values()].reduce((sum, pence) => sum + pence, 0);
  const counts: readonly (readonly [what: string, services: number, file: number])[] = [
    ["orders as filed", figures.orders, control.orders],
    ["lines of orders as filed", figures.lines, control.lines],
    ["cancellations", figures.cancellations, control.cancellations],
    ["rejected invoices", figures.rejected, control.rejected],
    ["duplicates suppressed", figures.duplicatesSuppressed, control.duplicates],
    ["corrected orders", figures.corrected.orders, control.corrected],
    ["corrected pence", figures.corrected.pence, control.correctedPence],
    ["pence of revenue", figures.revenuePence.total, total],
    ...countriesOf(day, control),
    ["pence charged", figures.chargedPence, total + control.correctedPence],
    ["duplicate charges", figures.duplicateCharges, 0],
    ["lines read for revenue", revenue.allLines, control.lines + control.correctedLines],
    ["lines read for trends", bestSellers.lines, control.lines + control.correctedLines],
    ["pieces read for trends", bestSellers.pieces, control.piecesOut],
    ["pieces taken out of stock", stock.out, control.piecesOut],
    ["pieces put back into stock", stock.in, control.piecesBack],
    ["orders shipped", shipped.size, placed],
    ["parcels declared at customs", declared.size, control.ordersAbroad],
  ];
  return counts
    .filter(([, services, file]) => services !== file)
    .map(([what, services, file]) => `${what}: the services recorded ${services}, the file says ${file}`);
}

function countriesOf(
  { ledgers }: Day,
  { penceByCountry }: ControlTotals,
): readonly (readonly [string, number, number])[] {
  const recorded = ledgers.revenue.byCountry;
  const countries = new Set([...recorded.keys(), ...penceByCountry.keys()]);
  return [...countries].map((country) => [
    `pence of revenue in ${country}`,
    recorded.get(country) ?? 0,
    penceByCountry.get(country) ?? 0,
  ]);
}
