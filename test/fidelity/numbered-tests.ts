import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/entries.js";
import { shown, testsOf } from "./test-titles.js";

/** A test that shows a statement. */
export interface NumberedTest {
  /** Without the numbers; what a table fills in is an ellipsis. */
  readonly title: string;
  /** From the folder of tests. */
  readonly file: string;
}

/** The tests of this repository by the numbers in their titles, such as `SB-1`. */
export function numberedTests(): ReadonlyMap<string, readonly NumberedTest[]> {
  const tests = new Map<string, NumberedTest[]>();
  for (const file of testFiles()) {
    for (const { kind, title, table = [] } of testsOf(`test/${file}`).titles) {
      if (kind === "group" || title === undefined) continue;
      const test = { title: withoutNumbers(title), file };
      for (const number of new Set(numbersOf(title, table)))
        tests.set(number, [...(tests.get(number) ?? []), test]);
    }
  }
  return tests;
}

const anyNumber = /\b(?:SB|EH|EG|SQ)-\d+\b/g;

function testFiles(): readonly string[] {
  return readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !/(^|[\\/])dist[\\/]/.test(file))
    .map((file) => file.replaceAll("\\", "/"))
    .sort();
}

/** Numbers stand in the title, or in the cells of the table that the title begins with. */
function numbersOf(title: string, table: readonly ts.Expression[]): readonly string[] {
  const named = title.match(anyNumber);
  if (named !== null) return named;
  const cells: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) && /^(?:SB|EH|EG|SQ)-\d+$/.test(node.text)) cells.push(node.text);
    ts.forEachChild(node, visit);
  };
  for (const rows of table) visit(rows);
  return cells;
}

const withoutNumbers = (title: string): string =>
  shown(title.replace(/^(?:(?:SB|EH|EG|SQ)-\d+(?:, )?|%s|\$statement)+: /, ""));
