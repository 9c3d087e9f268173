import type { Campaign, Result } from "./campaign.js";
import { unplayed } from "./unplayed.js";

const columns: readonly (readonly [title: string, of: (result: Result) => string])[] = [
  ["F", ({ f }) => `F${String(f)}`],
  ["on", ({ on }) => on],
  ["injected", ({ injected }) => injected],
  ["holds", ({ holds }) => holds.join(" ")],
  ["struck", ({ struck }) => String(struck)],
  ["accepted", ({ accepted }) => String(accepted)],
  ["effects", ({ effects }) => String(effects)],
  ["lost", ({ lost }) => String(lost.length)],
  ["", ({ pass }) => (pass ? "pass" : "FAIL")],
];

/** The results as a table. */
export function tableOf(results: readonly Result[]): string {
  const rows = [columns.map(([title]) => title), ...results.map((each) => columns.map(([, of]) => of(each)))];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Faults that are not played, with the reason, one a line. */
export const unplayedText = (): string =>
  Object.entries(unplayed)
    .map(([f, reason]) => `F${f} is not played over the wire: ${reason}`)
    .join("\n");

/** Why a run has failed, in sentences: none if it has not. */
export const failuresOf = ({ results, uncaught }: Campaign): readonly string[] => [
  ...results.flatMap(({ f, on, lost, problems }) => [
    ...(lost.length === 0 ? [] : [`F${String(f)} ${on}: lost ${lost.join(", ")}`]),
    ...problems.map((problem) => `F${String(f)} ${on}: ${problem}`),
  ]),
  ...uncaught.map((thrown) => `F57: thrown where nobody can catch it: ${thrown}`),
];

/** The last line. */
export function sumOf({ results }: Campaign): string {
  const sum = (of: (result: Result) => number): number =>
    results.reduce((total, each) => total + of(each), 0);
  const faults = new Set(results.map(({ f }) => f)).size;
  const failed = sum(({ pass }) => (pass ? 0 : 1));
  return (
    `${String(results.length)} rows of ${String(faults)} faults, struck ${String(sum(({ struck }) => struck))} times: ` +
    `${String(sum(({ accepted }) => accepted))} messages accepted, ${String(sum(({ effects }) => effects))} effects, ` +
    `${String(failed)} rows failed, ${String(sum(({ lost }) => lost.length))} lost`
  );
}
