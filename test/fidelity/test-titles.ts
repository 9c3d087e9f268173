import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../scripts/entries.js";

/** The title of a test, or of a group of tests, as its file has it. */
export interface TestTitle {
  readonly kind: "test" | "group";
  /** What a table fills in is still `%s` or `$name`; `undefined` when the title is not a literal. */
  readonly title: string | undefined;
  /** The titles of the groups that it is in, outermost first. */
  readonly within: readonly string[];
  /** The arguments of `each`; `undefined` for a test that stands alone. */
  readonly table: readonly ts.Expression[] | undefined;
}

export interface TestsOfFile {
  /** In the order of the file. */
  readonly titles: readonly TestTitle[];
  /** Every literal of the file: what a table may fill in. */
  readonly literals: ReadonlySet<string>;
}

/** Every test and group of a file, its path being relative to the repository. @throws if there is no such file. */
export function testsOf(file: string): TestsOfFile {
  const titles: TestTitle[] = [];
  const literals = new Set<string>();
  const visit = (node: ts.Node, within: readonly string[]): void => {
    if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node)) literals.add(node.text);
    const found = ts.isCallExpression(node) ? titleOf(node, within) : undefined;
    if (found !== undefined) titles.push(found);
    const inside = found?.kind === "group" ? [...within, found.title ?? ""] : within;
    ts.forEachChild(node, (child) => {
      visit(child, inside);
    });
  };
  visit(ts.createSourceFile(file, readFileSync(join(root, file), "utf8"), ts.ScriptTarget.Latest), []);
  return { titles, literals };
}

/** A title as a page shows it: what a table fills in is an ellipsis. */
export const shown = (title: string): string =>
  title.replaceAll(/%[sdjio]|\$(?:\d+|[a-zA-Z]+)\b(?!\()/g, (found) => (found === "$Default" ? found : "…"));

const kinds: Readonly<Record<string, TestTitle["kind"]>> = { it: "test", test: "test", describe: "group" };

function titleOf(call: ts.CallExpression, within: readonly string[]): TestTitle | undefined {
  const [title] = call.arguments;
  const callee = calleeOf(call.expression);
  if (callee === undefined || title === undefined) return undefined;
  return { ...callee, title: ts.isStringLiteralLike(title) ? title.text : undefined, within };
}

/** What is called: `it`, or `it.each(rows)`. */
function calleeOf(callee: ts.Expression): Pick<TestTitle, "kind" | "table"> | undefined {
  if (ts.isIdentifier(callee)) return kindOf(callee.text, undefined);
  if (!ts.isCallExpression(callee) || !ts.isPropertyAccessExpression(callee.expression)) return undefined;
  const { expression, name } = callee.expression;
  if (!ts.isIdentifier(expression) || name.text !== "each") return undefined;
  return kindOf(expression.text, callee.arguments);
}

function kindOf(
  name: string,
  table: readonly ts.Expression[] | undefined,
): Pick<TestTitle, "kind" | "table"> | undefined {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  return kind === undefined ? undefined : { kind, table };
}
