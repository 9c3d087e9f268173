import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { WaybillError, type ErrorClass, type ErrorCode } from "waybill";
import { root } from "../../scripts/entries.js";
import { deadLetterReasons } from "../../src/message/dead-letter-record.js";

const page = readFileSync(join(root, "docs/errors.md"), "utf8");
const codes = codesOf(readFileSync(join(root, "src/errors.ts"), "utf8"));
const reasons = [...deadLetterReasons];

describe("docs/errors.md", () => {
  it("explains every error code, each with its class, and nothing else", () => {
    const documented = rowsOf("codes").map(([code = "", errorClass = ""]) => [
      named(code),
      named(errorClass),
    ]);
    const raised = codes.map((code) => [code, new WaybillError(code as ErrorCode, "").class]);
    expect(documented).toEqual(raised);
  });

  it("explains every dead-letter reason, and nothing else", () => {
    expect(rowsOf("reasons").map(([reason = ""]) => named(reason))).toEqual(reasons);
  });

  it("says what becomes of bad input in codes and reasons that exist", () => {
    const outcomes = rowsOf("input").map(([, , outcome = ""]) => named(outcome));
    expect(outcomes.filter((name) => !codes.includes(name) && !reasons.includes(name))).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(20);
  });

  it("says what every class does to a message", () => {
    const classes = Object.keys({
      transient: true,
      throttled: true,
      ambiguous: true,
      lockLost: true,
      auth: true,
      config: true,
      permanent: true,
      poison: true,
      versionAhead: true,
      dependencyDown: true,
      cancelled: true,
      unknown: true,
    } satisfies Record<ErrorClass, true>);
    const [section = ""] = page.split("## Classes\n")[1]?.split("\n## ") ?? [];
    const documented = cellsOf(section).flatMap(([first = ""]) => first.match(/(?<=`)\w+(?=`)/g) ?? []);
    expect(documented.sort()).toEqual(classes.sort());
  });
});

/** The keys of `classOfCode`, in the order of the source: the type of codes cannot be listed at run time. */
function codesOf(source: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === "classOfCode") {
      node.forEachChild(function properties(child): void {
        if (ts.isPropertyAssignment(child)) found.push(child.name.getText());
        else child.forEachChild(properties);
      });
    }
    node.forEachChild(visit);
  };
  visit(ts.createSourceFile("errors.ts", source, ts.ScriptTarget.Latest, true));
  return found;
}

/** The rows of the table between `<!-- name:begin -->` and `<!-- name:end -->`. */
function rowsOf(name: string): readonly (readonly string[])[] {
  const [, rest = ""] = page.split(`<!-- ${name}:begin -->`);
  return cellsOf(rest.split(`<!-- ${name}:end -->`)[0] ?? "");
}

function cellsOf(text: string): readonly (readonly string[])[] {
  const rows = text.split("\n").filter((line) => line.startsWith("|"));
  return rows.slice(2).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** `name` out of "`name`". */
function named(cell: string): string {
  return /^`(\w+)`$/.exec(cell)?.[1] ?? cell;
}
