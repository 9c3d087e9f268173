import ts from "typescript";
import { describe, expect, it } from "vitest";
import { publicEntries, root } from "../scripts/entries.js";

const entries = publicEntries();

describe("the public names", () => {
  it.each(entries)("of $specifier are those of the last release", async ({ source }) => {
    const values = Object.keys((await import(source)) as object).sort();
    const types = exportedNames(source).filter((name) => !values.includes(name));
    expect({ values, types }).toMatchSnapshot();
  });

  it("of an application fit in a head: at most 40 values", async () => {
    const values = Object.keys((await import(entries[0]?.source ?? "")) as object);
    expect(values.length).toBeLessThanOrEqual(40);
  });
});

let program: ts.Program | undefined;

function exportedNames(source: string): readonly string[] {
  program ??= ts.createProgram(
    entries.map((entry) => entry.source),
    compilerOptions(),
  );
  const checker = program.getTypeChecker();
  const file = program.getSourceFile(source);
  const symbol = file && checker.getSymbolAtLocation(file);
  if (symbol === undefined) throw new Error(`${source} is not a module`);
  return checker
    .getExportsOfModule(symbol)
    .map(({ name }) => name)
    .sort();
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile) as { config: object };
  return ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root).options;
}
