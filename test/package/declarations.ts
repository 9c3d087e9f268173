import { copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { attempt, run } from "./shell.js";
import { emptyProject } from "./smoke.js";

const compilers = ["5.9", "6.0", "7.0"] as const;

/**
 * A user's package outside the checkout that exports a contract, a service and a bus, with declarations: the least that a
 * user may have installed is the tarball, TypeScript, @types/node and a schema library.
 */
export async function checkDeclarations(
  { check }: Checks,
  tarball: string,
  workspace: string,
): Promise<void> {
  for (const version of compilers) {
    const project = join(workspace, `typescript-${version}`);

    await check(`TypeScript ${version} checks a package that exports a contract, a service and a bus`, () => {
      declarationProject(project, tarball, version);
      const { stdout, exitCode } = attempt(tsc(project), ["-p", "."], project);
      if (exitCode !== 0) throw new Error(stdout);
      return run(tsc(project), ["--version"], project).trim();
    });

    await check(`the declarations that TypeScript ${version} emits mention neither zod nor any`, () => {
      const folder = join(project, "out");
      const files = readdirSync(folder).filter((file) => file.endsWith(".d.ts"));
      if (files.length === 0) throw new Error("no declaration was emitted");
      const lines = files.flatMap((file) => readFileSync(join(folder, file), "utf8").split("\n"));
      const bad = lines.filter((line) => /\b(zod|any)\b/.test(line));
      if (bad.length > 0) throw new Error(bad.join("\n"));
    });
  }
}

function declarationProject(project: string, tarball: string, typescript: string): void {
  emptyProject(project, "module");
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }));
  copyFileSync(join(root, "test/package/consumer/exports.ts"), join(project, "exports.ts"));
  const own = ["@types/node", "zod"].map((name) => `${name}@${lockedVersion(name)}`);
  run("npm", ["install", tarball, `typescript@${typescript}`, ...own], project);
}

const compilerOptions = {
  target: "ES2022",
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  declaration: true,
  skipLibCheck: false,
  types: ["node"],
  outDir: "out",
  rootDir: ".",
};

function tsc(project: string): string {
  return join(project, "node_modules/.bin/tsc");
}

/** The version that this checkout has installed, so that a new release of a library does not change a check. */
export function lockedVersion(name: string): string {
  const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { readonly version: string }).version;
}
