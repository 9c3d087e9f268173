import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { publicEntries, root } from "../../scripts/entries.js";

/** The program of the processes that die. */
export interface Program {
  readonly file: string;
  remove(): void;
}

/** Bundles it once, SDKs included, each in a file of its own: a loader would cost every process more than its work. */
export async function bundleChild(): Promise<Program> {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, "waybill-crash-"));
  const { build } = await import("esbuild");
  await build({
    entryPoints: [join(root, "test/crash/child/main.ts")],
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    outExtension: { ".js": ".mjs" },
    alias: Object.fromEntries(publicEntries().map(({ specifier, source }) => [specifier, source])),
    banner: {
      js: `import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);`,
    },
  });
  return {
    file: join(outdir, "main.mjs"),
    remove: () => {
      rmSync(outdir, { recursive: true, force: true });
    },
  };
}
