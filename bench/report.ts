import type { Row } from "./scenario.js";

/** What one run has measured. */
export interface Report {
  /** Processor, cores and engine. */
  readonly machine: string;
  readonly quick: boolean;
  readonly rows: readonly Row[];
}

/** Whether a row has a target and is beyond it. */
export function missed({ value, atMost = Infinity, atLeast = -Infinity }: Row): boolean {
  return !(value.median <= atMost && value.median >= atLeast);
}

/** The rows as a table for a terminal. */
export function table({ machine, quick, rows }: Report): string {
  const lines = [head, ...rows.map(cellsOf)];
  const widths = head.map((_, at) => Math.max(...lines.map((line) => line[at]!.length)));
  const aligned = lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at]!)).join("  "));
  return [title(machine, quick), "", ...aligned.map((line) => line.trimEnd())].join("\n");
}

/** The rows as a table for a page. */
export function markdown({ machine, quick, rows }: Report): string {
  const lines = [head, head.map(() => "---"), ...rows.map(cellsOf)];
  return [`${title(machine, quick)}:`, "", ...lines.map((line) => `| ${line.join(" | ")} |`)].join("\n");
}

/** The rows as one JSON object; `met` for those that have a target. A figure that could not be taken is null. */
export const json = ({ machine, quick, rows }: Report): string =>
  JSON.stringify({
    machine,
    quick,
    rows: rows.map((row) => (row.target === undefined ? row : { ...row, met: !missed(row) })),
  });

const head = ["", "what", "median", "10 % … 90 %", "target", "", "note"];

const title = (machine: string, quick: boolean): string => (quick ? `${machine}, quick run` : machine);

function cellsOf(row: Row): string[] {
  const { target, what, value, unit, note } = row;
  return [
    target ?? "",
    what,
    `${shown(value.median)} ${unit}`,
    `${shown(value.low)} … ${shown(value.high)}`,
    bound(row),
    target === undefined ? "" : missed(row) ? "missed" : "met",
    note ?? "",
  ];
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
