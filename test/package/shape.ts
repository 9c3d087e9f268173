import { cpSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { adapterPackages } from "../../lint/rooms.js";
import { root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { run } from "./shell.js";

/** What the tarball holds, and what a resolver makes of it. `unpacked` is the folder of its package.json. */
export async function checkShape({ check }: Checks, tarball: string, unpacked: string): Promise<void> {
  const tool = (name: string): string => join(root, "node_modules/.bin", name);

  await check("the tarball holds dist and the four documents, nothing else", () => {
    const files = run("tar", ["-tzf", tarball], root).trim().split("\n");
    const documents = ["CHANGELOG.md", "LICENSE", "README.md", "package.json"];
    const strange = files.filter((file) => !/^package\/dist\/[\w.-]+\.(js|d\.ts)$/.test(file));
    same(strange.sort(), documents.map((file) => `package/${file}`).sort());
    return `${files.length} files`;
  });

  await check("publint --strict", () => {
    run(tool("publint"), ["--strict", unpacked], root);
  });

  await check("attw --pack --profile esm-only", () => {
    // attw packs for itself and deletes what it packed, so it works on a copy.
    const copy = `${unpacked}-attw`;
    mkdirSync(copy);
    cpSync(unpacked, copy, { recursive: true });
    run(tool("attw"), ["--pack", copy, "--profile", "esm-only"], root);
  });

  await check("no declaration imports a package, but an adapter the one whose types it takes", () => {
    const own = Object.entries(adapterPackages).flatMap(([adapter, { types }]) =>
      types.map((name) => `${adapter}.d.ts: ${name}`),
    );
    same(
      foreign(unpacked, ".d.ts").filter((line) => !own.includes(line)),
      [],
    );
  });

  await check(
    "no script needs a package, but an adapter what it loads on use; none names an Azure SDK",
    () => {
      const peers = Object.entries(adapterPackages).flatMap(([adapter, packages]) =>
        packages.peers.map((name) => `${adapter}.js: ${name}`),
      );
      same(
        foreign(unpacked, ".js").filter((line) => !peers.includes(line)),
        [],
      );
      same(
        built(unpacked, ".js")
          .filter(({ text }) => text.includes("@azure/"))
          .map(({ file }) => file),
        [],
      );
    },
  );
}

function built(
  unpacked: string,
  extension: string,
): readonly { readonly file: string; readonly text: string }[] {
  const folder = join(unpacked, "dist");
  return readdirSync(folder)
    .filter((file) => file.endsWith(extension))
    .map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }));
}

/** `file: package` for every import that is neither relative nor a builtin. */
function foreign(unpacked: string, extension: string): readonly string[] {
  return built(unpacked, extension).flatMap(({ file, text }) => {
    const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
    return [...importedFiles, ...typeReferenceDirectives]
      .map(({ fileName }) => fileName)
      .filter((name) => !/^(\.|node:|node$)/.test(name))
      .map((name) => `${file}: ${name}`);
  });
}

function same(actual: readonly string[], expected: readonly string[]): void {
  if (actual.join("\n") !== expected.join("\n"))
    throw new Error(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(actual)}`);
}
