import Table from "cli-table3";
import type { Day } from "../job/the-day.js";
import { figuresOf, type Figures } from "./figures.js";

/** The day on one page. */
export function summaryOf(day: Day): string {
  const figures = figuresOf(day);
  const parts = [
    channels(day),
    revenue(figures),
    bestSellers(day),
    deadLetters(day, figures),
    facts(day, figures),
  ];
  return parts.join("\n\n");
}

function channels({ traffic }: Day): string {
  const rows = [...traffic.channels].map(([name, counts]) => [
    name,
    counts.sent,
    counts.handled,
    counts.retries,
    counts.duplicates,
    counts.deadLettered,
  ]);
  return table(["Channel", "In", "Out (handled)", "Retries", "Duplicates", "Dead-lettered"], rows);
}

function revenue({ revenuePence: { total, byCountry } }: Figures): string {
  const rows = Object.entries(byCountry).map(([country, pence]) => [country, pounds(pence)]);
  return table(["Revenue by country", "Pounds"], [...rows, ["All", pounds(total)]]);
}

function bestSellers({ ledgers }: Day): string {
  const rows = ledgers.bestSellers.top(5).map(({ description, pieces }) => [description, pieces]);
  return table(["Best sellers", "Pieces"], rows);
}

function deadLetters({ traffic, leftOver }: Day, figures: Figures): string {
  const reasons = [...traffic.deadLetters].map(([reason, count]) => [
    reason,
    count,
    figures.deadLetters[reason] ?? 0,
  ]);
  const shown = leftOver.slice(0, 20).map(({ description }) => `  ${description}`);
  const more = leftOver.length - shown.length;
  return [
    table(["Dead letters by reason", "In all", "Left"], reasons),
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}

function facts({ provider, ledgers, linesAtStop, elapsedMs }: Day, figures: Figures): string {
  const { orders, lines, cancellations, rejected, corrected } = figures;
  const facts = [
    ["Orders", `${orders}, with ${lines} lines`],
    ["Cancellations", `${cancellations}`],
    [
      "Rejected as filed",
      `${rejected}; corrected ${corrected.orders}, worth ${pounds(corrected.pence)} pounds`,
    ],
    [
      "Charged",
      `${pounds(figures.chargedPence)} pounds; ${provider.repeatsRecognised} repeated calls recognised, ${figures.duplicateCharges} charges too many`,
    ],
    ["Retries", `${figures.retries}`],
    ["Duplicates suppressed", `${figures.duplicatesSuppressed}`],
    [
      "Revenue desk",
      `stopped after ${linesAtStop} lines, then read ${ledgers.revenue.allLines - linesAtStop} more from its checkpoint on`,
    ],
    ["Declared at customs", `${ledgers.declared.size} parcels`],
    [
      "Throughput",
      `${figures.messagesPerSecond} messages handled per second, for ${(elapsedMs / 1000).toFixed(2)} s`,
    ],
  ] as const;
  return facts.map(([name, fact]) => `${name.padEnd(22)} ${fact}`).join("\n");
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const made = new Table({
    head: [...head],
    colAligns: ["left", ...head.slice(1).map(() => "right" as const)],
    style: { head: [], border: [], compact: true },
  });
  made.push(...rows.map((row) => [...row]));
  return made.toString();
}

const pounds = (pence: number): string =>
  (pence / 100).toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
