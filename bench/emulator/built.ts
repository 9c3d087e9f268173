import { build } from "esbuild";
import { cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The checkout: scenarios run as one bundle in a folder of its `node_modules/.cache`. */
const root = join(import.meta.dirname, "..", "..", "..");

const bundling = {
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "error",
} as const;

/** Bundles the program of {@link import("./server.js")}, beside the bundle that runs. */
export async function builtServer(): Promise<string> {
  const outdir = join(import.meta.dirname, "emulator");
  await build({
    ...bundling,
    outdir,
    outExtension: { ".js": ".mjs" },
    packages: "external",
    entryPoints: { server: join(root, "bench", "emulator", "server.ts") },
  });
  return join(outdir, "server.mjs");
}

/** The package `waybill-tools` as it is published, without its types: the path of its command. */
export async function builtCommand(): Promise<string> {
  const tools = join(root, "tools");
  const folder = join(import.meta.dirname, "waybill-tools");
  const { dependencies } = JSON.parse(readFileSync(join(tools, "package.json"), "utf8")) as {
    readonly dependencies: object;
  };
  mkdirSync(folder, { recursive: true });
  for (const part of ["bin", "package.json"])
    cpSync(join(tools, part), join(folder, part), { recursive: true });
  // Packages that npm could not hoist to the root.
  const own = join(tools, "node_modules");
  if (existsSync(own)) cpSync(own, join(folder, "node_modules"), { recursive: true });
  await build({
    ...bundling,
    outdir: join(folder, "dist"),
    external: Object.keys(dependencies),
    entryPoints: { cli: join(tools, "cli", "main.ts") },
  });
  return join(folder, "bin", "waybill.js");
}
