import { points } from "./points.js";
import type { PointResult } from "./run-point.js";

const columns: readonly (readonly [string, (result: PointResult) => string | number])[] = [
  ["point", ({ transport, point }) => `${transport}: ${point}`],
  ["kills", ({ kills }) => kills],
  ["messages", ({ accepted }) => accepted],
  ["lost", ({ lost }) => lost.length],
  ["effects repeated", ({ repeated }) => repeated.length],
  ["duplicates at the handler", ({ duplicates }) => duplicates],
  ["follow-ups sent again", ({ followUpsAgain }) => followUpsAgain],
];

/** The results as a table, by transport and in the order of the points. */
export function tableOf(results: readonly PointResult[]): string {
  const order = points.map(({ name }) => name);
  const sorted = [...results].sort(
    (left, right) =>
      right.transport.localeCompare(left.transport) || order.indexOf(left.point) - order.indexOf(right.point),
  );
  const rows = [
    columns.map(([title]) => title),
    ...sorted.map((each) => columns.map(([, of]) => String(of(each)))),
  ];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n");
}

/** Why a point has failed, in sentences: none if it has not. */
export function failuresOf(result: PointResult, kills: number): readonly string[] {
  const where = `${result.transport}: ${result.point}`;
  const why: string[] = [];
  if (result.kills < kills) why.push(`${where}: hit ${result.kills} of ${kills} times`);
  if (result.lost.length > 0) why.push(`${where}: lost ${result.lost.join(", ")}`);
  if (result.repeated.length > 0) why.push(`${where}: repeated ${result.repeated.join(", ")}`);
  if (result.strangers.length > 0)
    why.push(`${where}: dead letters that nobody sent: ${result.strangers.join(", ")}`);
  return why;
}
