import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import { operationsOf, type Client } from "../test/emulator/sdk-methods/operations.js";
import { testedOperations, type OperationTest } from "../test/emulator/sdk-methods/tested-operations.js";
import { sdkProgram } from "../test/emulator/sdk-methods/sdk-program.js";
import { root } from "./entries.js";

/** Where the page lies. */
export const coveragePage = join(root, "docs", "emulator-coverage.md");

/** Of an operation that many tests call, this many are named. */
const namedTests = 3;

/**
 * The page that says which operations of Microsoft's clients the tests of the emulator call, and in which tests.
 * @throws if an operation that was called is none that the clients have: then the clients were read wrongly
 */
export async function emulatorCoverage(): Promise<string> {
  const program = sdkProgram();
  const clients = operationsOf(program);
  const tests = testedOperations(program, clients);
  return format(page(clients, tests), { parser: "markdown", printWidth: 110 });
}

type Tests = ReadonlyMap<string, readonly OperationTest[]>;

function page(clients: readonly Client[], tests: Tests): string {
  const all = clients.flatMap(({ name, operations }) =>
    operations.map((operation) => `${name}.${operation}`),
  );
  const tested = all.filter((operation) => tests.has(operation)).length;
  return [
    "# What the tests of the emulator call",
    "The public methods of Microsoft's own, unmodified clients, and the tests over real sockets that call them, directly or " +
      `through a helper. ${tested} of ${all.length} are called; what is not called may well work, and nobody has looked. ` +
      `At most ${namedTests} tests are named for each. This page is made from the tests by ` +
      "`npx tsx scripts/emulator-coverage.ts`, and a test compares it.",
    ...clients.flatMap((client) => [`## ${client.name}`, `Of \`${client.package}\`.`, list(client, tests)]),
  ].join("\n\n");
}

function list({ name, operations }: Client, tests: Tests): string {
  return operations
    .flatMap((operation) => {
      const found = tests.get(`${name}.${operation}`) ?? [];
      const named = found
        .slice(0, namedTests)
        .map(({ title, file }) => `  - ${escaped(title)} (\`${file}\`)`);
      return [`- \`${operation}\`${found.length === 0 ? ": no test" : ""}`, ...named];
    })
    .join("\n");
}

const escaped = (title: string): string => title.replaceAll(/[\\*_<>[\]`]/g, String.raw`\$&`);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(coveragePage, await emulatorCoverage());
