import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publicEntries, root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { run } from "./shell.js";

/** The oldest Node that package.json allows, and the two lines after it. */
const nodeVersions = ["20.19.0", "22", "24"] as const;

/** Installs the tarball into an empty project and runs a small program of it, by `import` and by `require()`. */
export async function checkSmoke({ check }: Checks, tarball: string, workspace: string): Promise<void> {
  const project = join(workspace, "empty");

  await check("the tarball installs into an empty project, alone", () => {
    emptyProject(project);
    run("npm", ["install", tarball], project);
    const installed = run("npm", ["ls", "--all", "--parseable"], project).trim().split("\n").slice(1);
    if (installed.length !== 1) throw new Error(`it brought more than itself: ${installed.join(", ")}`);
  });

  for (const version of nodeVersions) {
    const node = join(workspace, `node-${version}`, "node_modules", platformPackage(), "bin/node");
    await check(`Node ${version} is there to try it on`, () => {
      installNode(version, join(workspace, `node-${version}`));
      return run(node, ["--version"], workspace).trim();
    });
    for (const file of ["consumer.mjs", "consumer.cjs"]) {
      await check(`Node ${version} runs ${file}`, () => {
        copyFileSync(join(root, "test/package/consumer", file), join(project, file));
        return run(node, [file], project).trim();
      });
    }
    for (const { specifier } of publicEntries()) {
      await check(`Node ${version} imports and requires ${specifier}`, () => {
        const load = `const a = require("${specifier}"); import("${specifier}").then((b) => {
          if (Object.keys(a).length === 0 && "${specifier}" !== "waybill/store") throw new Error("it exports nothing");
          for (const name of Object.keys(b)) if (a[name] !== b[name]) throw new Error("two copies of " + name);
        });`;
        run(node, ["--eval", load], project);
      });
    }
  }
}

/** A folder with a package.json and nothing else; CommonJS, as `npm init` makes it, unless told otherwise. */
export function emptyProject(folder: string, type: "commonjs" | "module" = "commonjs"): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "outside", private: true, type }));
}

/** The package that carries the binary alone: its wrapper `node` runs an install script, which npm may refuse. */
function platformPackage(): string {
  return `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
}

function installNode(version: string, folder: string): void {
  emptyProject(folder);
  run("npm", ["install", `${platformPackage()}@${version}`], folder);
}
