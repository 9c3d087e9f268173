import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { root } from "./entries.js";
import type { Part } from "./sim-part.js";

/** One file for the processes that run schedules: a loader would cost them more than their schedules. */
export async function bundled(): Promise<string> {
  const cache = join(root, "node_modules", ".cache");
  mkdirSync(cache, { recursive: true });
  const outfile = join(mkdtempSync(join(cache, "waybill-sim-")), "part.mjs");
  const entry = join(root, "scripts", "sim-part.ts");
  const how = { bundle: true, format: "esm", platform: "node", target: "node20", logLevel: "error" } as const;
  const { build } = await import("esbuild");
  await build({ ...how, entryPoints: [entry], outfile });
  return outfile;
}

/**
 * Runs the schedules of consecutive seeds in a process of its own.
 *
 * Errors are thrown by the thousand and nobody reads their stacks: none are taken. A message whose handler runs more than
 * ten times in one place has as many listeners on its signal, which the engine would take for a leak.
 */
export function elsewhere(file: string, first: number, seeds: number): Promise<Part> {
  const flags = ["--stack-trace-limit=0", "--disable-warning=MaxListenersExceededWarning"];
  const given = [...flags, file, String(first), String(seeds)];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, given, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Part);
      else reject(new Error(`a worker ended with ${String(code)}`));
    });
  });
}
