import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/**
 * What the compiler says of a snippet, under the repository's own options: one text per error, its chain of reasons
 * line by line. The snippet stands in `test/types/`, so it imports as tests there do.
 *
 * The first call reads every imported declaration (seconds); later ones only check the snippet.
 */
export function diagnosticsOf(snippet: string): readonly string[] {
  current = { version: current.version + 1, snippet };
  return diagnosticsAt(snippetFile);
}

/** The line that a person reads first: the last of the only error. Fails unless there is exactly one. */
export function lastLineOf(snippet: string): string {
  const found = diagnosticsOf(snippet);
  if (found.length !== 1)
    throw new Error(`expected one error, found ${String(found.length)}:\n${found.join("\n\n")}`);
  return found[0]?.split("\n").at(-1)?.trim() ?? "";
}

/** The declarations that the compiler writes for a file of the repository, given by its path from the root. */
export function declarationsOf(path: string): string {
  const file = join(root, path);
  fixtures.add(file);
  const { outputFiles } = service.getEmitOutput(file, true, true);
  const [declarations] = outputFiles;
  if (declarations === undefined) throw new Error(`nothing was emitted for ${path}`);
  return declarations.text;
}

/** What the compiler says of a file of the repository, its declarations included. */
export function diagnosticsOfFile(path: string): readonly string[] {
  const file = join(root, path);
  fixtures.add(file);
  return diagnosticsAt(file);
}

const root = fileURLToPath(new URL("../..", import.meta.url));
const snippetFile = join(root, "test/types/snippet.ts");

/** The files of the repository that were asked for. */
const fixtures = new Set<string>();

let current = { version: 0, snippet: "" };

const options = readOptions();
const service = ts.createLanguageService(
  {
    getCompilationSettings: () => options,
    getScriptFileNames: () => [snippetFile, ...fixtures],
    getScriptVersion: (file) => (file === snippetFile ? String(current.version) : "0"),
    getScriptSnapshot: (file) => {
      const text = file === snippetFile ? current.snippet : ts.sys.readFile(file);
      return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
    },
    getCurrentDirectory: () => root,
    getDefaultLibFileName: ts.getDefaultLibFilePath,
    fileExists: (file) => file === snippetFile || ts.sys.fileExists(file),
    readFile: ts.sys.readFile,
    readDirectory: ts.sys.readDirectory,
    directoryExists: ts.sys.directoryExists,
    getDirectories: ts.sys.getDirectories,
  },
  ts.createDocumentRegistry(),
);

function diagnosticsAt(file: string): readonly string[] {
  const found = [...service.getSyntacticDiagnostics(file), ...service.getSemanticDiagnostics(file)];
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

function readOptions(): ts.CompilerOptions {
  const file = join(root, "tsconfig.json");
  const { config } = ts.readConfigFile(file, ts.sys.readFile) as { readonly config: unknown };
  // No input is searched for: only the options matter here.
  return ts.parseJsonConfigFileContent(
    { ...(config as object), files: [], include: [] },
    ts.sys,
    dirname(file),
  ).options;
}
