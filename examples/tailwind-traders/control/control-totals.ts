import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import type { Correction } from "../shop-file/corrections.js";

/**
 * What the day must come to, computed from the file alone. Shares no code with the services or with the reader that
 * feeds them: a mistake that both make is the only one that it cannot notice.
 */
export interface ControlTotals {
  orders: number;
  lines: number;
  cancellations: number;
  rejected: number;
  duplicates: number;
  readonly penceByCountry: Map<string, number>;
  corrected: number;
  correctedPence: number;
  correctedLines: number;
  piecesOut: number;
  piecesBack: number;
  ordersAbroad: number;
}

/** Reads the file once more, and multiplies by the number of replays. */
export async function controlTotals(
  path: string,
  corrections: readonly Correction[],
  replays: number,
): Promise<ControlTotals> {
  const [, ...rows]: readonly string[][] = parse(await readFile(path), {
    bom: true,
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
  });
  const once = totalsOf(group(rows), corrections);
  return scaled(once, replays);
}

interface Group {
  readonly blocks: string[][][];
  repeats: number;
}

/** Rows by invoice number; a block that was there before is a repeat and adds nothing. */
function group(rows: readonly string[][]): Map<string, Group> {
  const groups = new Map<string, Group>();
  let from = 0;
  for (let to = 1; to <= rows.length; to += 1) {
    const number = rows[from]?.[0]?.trim() ?? "";
    if (to < rows.length && (rows[to]?.[0]?.trim() ?? "") === number) continue;
    const [block, again] = withoutEcho(rows.slice(from, to).map((row) => row.slice(1)));
    const known = groups.get(number);
    if (known === undefined) groups.set(number, { blocks: [block], repeats: again });
    else if (known.blocks.some((other) => JSON.stringify(other) === JSON.stringify(block)))
      known.repeats += 1 + again;
    else {
      known.blocks.push(block);
      known.repeats += again;
    }
    from = to;
  }
  return groups;
}

/** The shortest beginning that the whole is made of, over and over, and how often it comes again. */
function withoutEcho(block: string[][]): readonly [string[][], number] {
  const key = (rows: string[][]): string => rows.map((row) => row.join("\u0000")).join("\u0001");
  const whole = key(block);
  const parts = new Set(block.map((row) => key([row])));
  for (let times = Math.floor(block.length / 2); times > 1 && parts.size > 1; times -= 1) {
    const part = block.slice(0, block.length / times);
    if (
      part.length * times === block.length &&
      key(Array.from({ length: times }, () => part).flat()) === whole
    )
      return [part, times - 1];
  }
  return [block, 0];
}

function totalsOf(groups: Map<string, Group>, corrections: readonly Correction[]): ControlTotals {
  const totals: ControlTotals = {
    orders: 0,
    lines: 0,
    cancellations: 0,
    rejected: 0,
    duplicates: 0,
    penceByCountry: new Map(),
    corrected: 0,
    correctedPence: 0,
    correctedLines: 0,
    piecesOut: 0,
    piecesBack: 0,
    ordersAbroad: 0,
  };
  for (const [number, { blocks, repeats }] of groups) {
    const rows = blocks.flat();
    totals.duplicates += repeats;
    if (isSound(number, rows)) book(totals, number, rows, false);
    else {
      totals.rejected += 1;
      const correction = corrections.find(({ invoice }) => invoice === number);
      if (correction === undefined) continue;
      const better = rows.map((row, index) => overwrite(row, correction.rows[index]));
      if (isSound(number, better)) book(totals, number, better, true);
    }
  }
  return totals;
}

function book(totals: ControlTotals, number: string, rows: readonly string[][], corrected: boolean): void {
  const pieces = rows.reduce((sum, [, , quantity]) => sum + Math.abs(Number(quantity)), 0);
  if (number.startsWith("C")) {
    totals.cancellations += 1;
    totals.piecesBack += pieces;
    return;
  }
  totals.piecesOut += pieces;
  if (rows[0]?.[6]?.trim() !== "United Kingdom") totals.ordersAbroad += 1;
  if (corrected) {
    totals.corrected += 1;
    totals.correctedLines += rows.length;
    totals.correctedPence += rows.reduce((sum, row) => sum + pence(row), 0);
    return;
  }
  totals.orders += 1;
  totals.lines += rows.length;
  for (const row of rows) {
    const country = row[6]?.trim() ?? "";
    totals.penceByCountry.set(country, (totals.penceByCountry.get(country) ?? 0) + pence(row));
  }
}

/** Whether every row of an invoice is one of an order, or every row one of a cancellation. */
function isSound(number: string, rows: readonly string[][]): boolean {
  const quantity = number.startsWith("C") ? /^-\d+$/ : /^\+?\d+$/;
  return (
    number !== "" &&
    rows.every((row) => {
      const cells = row.map((cell) => cell.trim());
      const [, , count = "", , price = "", customer = "", country = ""] = cells;
      return (
        cells.length <= 7 &&
        [customer, country].every(({ length }) => length > 0 && length <= 100) &&
        quantity.test(count) &&
        /^\d+(\.\d+)?$/.test(price) &&
        Number(count) !== 0 &&
        Number.isSafeInteger(Number(count)) &&
        /[1-9]/.test(price) &&
        pence(cells) <= 1e12
      );
    })
  );
}

/** Half up in one division: twice the amount, plus one, halved. */
function pence(row: readonly string[]): number {
  const [whole = "", decimals = ""] = (row[4]?.trim() ?? "").split(".");
  const count = BigInt((row[2]?.trim() ?? "").replace(/^[+-]/, ""));
  const unit = 10n ** BigInt(decimals.length);
  return Number((2n * count * BigInt(whole + decimals) * 100n + unit) / (2n * unit));
}

/** Columns of the file after the number, as corrections call them. */
const names = [
  "stockCode",
  "description",
  "quantity",
  undefined,
  "unitPrice",
  "customerId",
  "country",
] as const;

const overwrite = (row: readonly string[], by: Correction["rows"][number] = {}): string[] => [
  ...names.map((name, index) => (name === undefined ? undefined : by[name]) ?? row[index] ?? ""),
  ...row.slice(names.length),
];

function scaled(once: ControlTotals, by: number): ControlTotals {
  return {
    orders: once.orders * by,
    lines: once.lines * by,
    cancellations: once.cancellations * by,
    rejected: once.rejected * by,
    duplicates: once.duplicates * by,
    penceByCountry: new Map([...once.penceByCountry].map(([country, pence]) => [country, pence * by])),
    corrected: once.corrected * by,
    correctedPence: once.correctedPence * by,
    correctedLines: once.correctedLines * by,
    piecesOut: once.piecesOut * by,
    piecesBack: once.piecesBack * by,
    ordersAbroad: once.ordersAbroad * by,
  };
}
