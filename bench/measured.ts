import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import type { Effort, Row } from "./scenario.js";

/**
 * Runs scenarios one after the other and gives their rows; `onEnd` is told of each.
 *
 * Each runs in a process of its own, bundled as applications bundle, so that no loader distorts it and none warms up
 * another.
 */
export async function measured(
  names: readonly string[],
  effort: Effort,
  onEnd: (name: string, seconds: number) => void,
): Promise<readonly Row[]> {
  const root = join(import.meta.dirname, "..");
  /** Inside node_modules, so that the peers are found from there. */
  const folder = join(root, "node_modules", ".cache", `waybill-bench-${String(process.pid)}`);
  mkdirSync(folder, { recursive: true });
  try {
    await bundle(root, folder);
    return names.flatMap((name) => {
      const startMs = performance.now();
      const rows = runChild(join(folder, "child.mjs"), name, effort);
      onEnd(name, (performance.now() - startMs) / 1_000);
      return rows;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function bundle(root: string, folder: string): Promise<void> {
  const bundling = {
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    packages: "external",
    logLevel: "error",
  } as const;
  await build({ ...bundling, splitting: true, entryPoints: { child: join(root, "bench", "child.ts") } });
  const imported = join(root, "bench", "cold-import.ts");
  await build({ ...bundling, entryPoints: { "cold-import": imported } });
  await build({ ...bundling, minify: true, entryPoints: { "cold-import-minified": imported } });
  await build({ ...bundling, entryPoints: { "sim-part": join(root, "scripts", "sim-part.ts") } });
  writeFileSync(join(folder, "empty.mjs"), "");
}

function runChild(child: string, name: string, effort: Effort): readonly Row[] {
  const output = execFileSync(
    process.execPath,
    ["--expose-gc", "--max-old-space-size=4096", child, name, JSON.stringify(effort)],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 10_000_000 },
  );
  return JSON.parse(output) as Row[];
}
