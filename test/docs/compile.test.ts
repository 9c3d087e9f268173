import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/entries.js";
import { codeBlocks } from "./code-blocks.js";

const pages = ["README.md", "CONTRIBUTING.md", ...markdownUnder("docs")].filter((page) =>
  existsSync(join(root, page)),
);
const sources = virtualSources();

describe("the documentation", () => {
  it("has TypeScript blocks to compile", () => {
    expect(sources.size).toBeGreaterThan(0);
  });

  const complaints = compile();

  it.each(pages)("%s compiles", (page) => {
    expect(complaints.filter((line) => line.startsWith(`${page}:`))).toEqual([]);
  });

  it("compiles without a complaint that belongs to no page", () => {
    expect(complaints.filter((line) => !pages.some((page) => line.startsWith(`${page}:`)))).toEqual([]);
  });
});

function markdownUnder(folder: string): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `${folder}/${file.replaceAll("\\", "/")}`)
    .sort();
}

/** By absolute path: each page is a folder of its own, so that `./orders.js` is found beside it. */
function virtualSources(): Map<string, string> {
  const files = pages.flatMap((page) =>
    codeBlocks(readFileSync(join(root, page), "utf8")).map(({ name, text }) => {
      // `export {}` at the end makes a module of a page that imports nothing; the lines above keep their numbers.
      return [join(root, `${page}.blocks`, name), `${text}\nexport {};\n`] as const;
    }),
  );
  return new Map(files);
}

function compile(): readonly string[] {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile) as { config: object };
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, directoryExists, getSourceFile } = host;
  const folders = new Set([...sources.keys()].map((path) => join(path, "..")));
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.directoryExists = (path) => folders.has(path) || (directoryExists?.(path) ?? true);
  host.getSourceFile = (path, version, onError, fresh) => {
    const text = sources.get(path);
    return text === undefined
      ? getSourceFile(path, version, onError, fresh)
      : ts.createSourceFile(path, text, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].flatMap((path) => {
    const file = program.getSourceFile(path);
    return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)].map(complaint);
  });
}

/** `docs/testing.md:12: Cannot find name 'x'.` */
function complaint({ file, start = 0, messageText }: ts.Diagnostic): string {
  const text = ts.flattenDiagnosticMessageText(messageText, "\n");
  if (file === undefined) return text;
  const page = file.fileName.slice(root.length + 1).replace(/\.blocks\/.*$/, "");
  return `${page}:${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`;
}
