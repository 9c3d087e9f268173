import { readdirSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "../../../scripts/entries.js";

/** Where the tests of the emulator lie. */
export const testFolder = join(root, "test", "emulator");

/** The tests of the emulator with all that they import, types included. */
export function sdkProgram(): ts.Program {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  return ts.createProgram(testFiles(), options);
}

function testFiles(): readonly string[] {
  return readdirSync(testFolder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(testFolder, file))
    .sort();
}
