import type { Row } from "./scenario.js";

/** Whether a row has a target and is beyond it. */
export function missed({ value, atMost = Infinity, atLeast = -Infinity }: Row): boolean {
  return !(value.median <= atMost && value.median >= atLeast);
}

/** The rows as a table for a terminal: target, figure, met or not. */
export function table(machine: string, rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.target ?? "",
    row.what,
    `${shown(row.value.median)} ${row.unit}`,
    `${shown(row.value.low)} … ${shown(row.value.high)}`,
    bound(row),
    row.target === undefined ? "" : missed(row) ? "missed" : "met",
    row.note ?? "",
  ]);
  const head = ["", "what", "median", "10 % … 90 %", "target", "", ""];
  const widths = head.map((_, at) => Math.max(...[head, ...cells].map((line) => line[at]!.length)));
  const lines = [head, ...cells].map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join("  ")
      .trimEnd(),
  );
  return [machine, "", ...lines].join("\n");
}

function bound({ atMost, atLeast, unit }: Row): string {
  if (atMost !== undefined) return `≤ ${String(atMost)} ${unit}`;
  return atLeast === undefined ? "" : `≥ ${String(atLeast)} ${unit}`;
}

function shown(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString("en");
  return value.toPrecision(3);
}
