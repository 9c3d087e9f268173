import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/entries.js";

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
    for (const { title, numbers } of titlesOf(file)) {
      const test = { title: shown(title), file: file.replaceAll("\\", "/") };
      for (const number of new Set(numbers)) tests.set(number, [...(tests.get(number) ?? []), test]);
    }
  }
  return tests;
}

const testFolder = join(root, "test");
const anyNumber = /\b(?:SB|EH|EG|SQ)-\d+\b/g;

function testFiles(): readonly string[] {
  return readdirSync(testFolder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !/(^|[\\/])dist[\\/]/.test(file))
    .sort();
}

interface Title {
  readonly title: string;
  readonly numbers: readonly string[];
}

function titlesOf(file: string): readonly Title[] {
  const text = readFileSync(join(testFolder, file), "utf8");
  if (text.search(anyNumber) < 0) return [];
  const titles: Title[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node)) {
      const [title] = node.arguments;
      const table = tableOf(node.expression);
      if (table !== undefined && title !== undefined && ts.isStringLiteralLike(title)) {
        titles.push({ title: title.text, numbers: numbersOf(title.text, table) });
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest));
  return titles;
}

/** The rows of `it.each(rows)`, none for a plain `it`; `undefined` for what is no test. */
function tableOf(callee: ts.Expression): readonly ts.Expression[] | undefined {
  if (ts.isIdentifier(callee)) return callee.text === "it" ? [] : undefined;
  if (!ts.isCallExpression(callee) || !ts.isPropertyAccessExpression(callee.expression)) return undefined;
  const { expression, name } = callee.expression;
  const isTable = ts.isIdentifier(expression) && expression.text === "it" && name.text === "each";
  return isTable ? callee.arguments : undefined;
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

const shown = (title: string): string =>
  title
    .replace(/^(?:(?:SB|EH|EG|SQ)-\d+(?:, )?|%s|\$statement)+: /, "")
    .replaceAll(/%[sdjio]|\$[a-zA-Z]+\b(?!\()/g, (found) => (found === "$Default" ? found : "…"));
