import type { Day } from "../job/the-day.js";

/** The figures of a day as `--json` prints them. Amounts are in pence. */
export interface Figures {
  /** Invoices that were valid as filed and are no cancellations. */
  readonly orders: number;
  /** Order lines of those. */
  readonly lines: number;
  readonly cancellations: number;
  /** Invoices that were dead-lettered as filed. */
  readonly rejected: number;
  readonly revenuePence: { readonly total: number; readonly byCountry: Readonly<Record<string, number>> };
  readonly corrected: { readonly orders: number; readonly pence: number };
  readonly chargedPence: number;
  /** Charges beyond one for each order. */
  readonly duplicateCharges: number;
  /** Handler runs that followed a failure. */
  readonly retries: number;
  readonly duplicatesSuppressed: number;
  /** What is left in dead letters at the end, by reason. */
  readonly deadLetters: Readonly<Record<string, number>>;
  /** Messages handled per second, by all services together. */
  readonly messagesPerSecond: number;
}

/** Takes the figures from what the handlers recorded. */
export function figuresOf({ ledgers, provider, traffic, leftOver, elapsedMs }: Day): Figures {
  const { register, book, revenue } = ledgers;
  const orders = [...book.placed.values()];
  const corrected = orders.filter((order) => order.corrected);
  return {
    orders: orders.length - corrected.length,
    lines: revenue.lines,
    cancellations: book.cancelled.size,
    rejected: register.rejected,
    revenuePence: {
      total: sum(revenue.byCountry.values()),
      byCountry: Object.fromEntries([...revenue.byCountry].sort(([, a], [, b]) => b - a)),
    },
    corrected: { orders: corrected.length, pence: sum(corrected.map(({ pence }) => pence)) },
    chargedPence: sum(provider.charges.map(({ pence }) => pence)),
    duplicateCharges: provider.charges.length - new Set(provider.charges.map(({ orderId }) => orderId)).size,
    retries: traffic.total("retries"),
    duplicatesSuppressed: traffic.total("duplicates") + register.copiesOfRefused,
    deadLetters: countBy(leftOver.map(({ reason }) => reason)),
    messagesPerSecond: Math.round((traffic.total("handled") / elapsedMs) * 1000),
  };
}

const sum = (numbers: Iterable<number>): number => [...numbers].reduce((total, each) => total + each, 0);

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
