import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { missed, table } from "./report.js";
import type { Effort, Row } from "./scenario.js";

/**
 * `npm run bench`: measures the targets of docs/performance.md on this machine and prints them as a table.
 *
 * `--quick` for about a minute, `--json` for one JSON object instead, `--only name` for one scenario. Each scenario runs
 * in a process of its own, bundled as applications bundle, so that no loader distorts it and none warms up another.
 */
const { values } = parseArgs({
  options: { quick: { type: "boolean" }, json: { type: "boolean" }, only: { type: "string" } },
});
const quick = values.quick === true;
const effort: Effort = quick ? { quick, rounds: 5, scale: 0.5 } : { quick, rounds: 11, scale: 1 };
const names = [
  "broker",
  "nodeTs",
  "sdk",
  "sdkOne",
  "sdkZod",
  "dedup",
  "backlog",
  "peerBacklog",
  "memory",
  "wheel",
  "timers",
  "fanOut",
  "wakeUp",
  "coldImport",
  "slowDown",
  "simulation",
  "growth",
];

const root = join(import.meta.dirname, "..");
/** Inside node_modules, so that the peers are found from there. */
const folder = join(root, "node_modules", ".cache", "waybill-bench");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
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
await build({ ...bundling, entryPoints: { "cold-import": join(root, "bench", "cold-import.ts") } });

const rows: Row[] = [];
for (const name of values.only?.split(",") ?? names) {
  const startMs = performance.now();
  const output = execFileSync(
    process.execPath,
    ["--expose-gc", "--max-old-space-size=4096", join(folder, "child.mjs"), name, JSON.stringify(effort)],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"], maxBuffer: 10_000_000 },
  );
  rows.push(...(JSON.parse(output) as Row[]));
  const seconds = (performance.now() - startMs) / 1_000;
  process.stderr.write(`measured ${name} in ${seconds.toFixed(1)} s\n`);
}
rmSync(folder, { recursive: true, force: true });

const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${String(cpus().length)} cores, Node ${process.version}`;
if (values.json === true)
  console.log(JSON.stringify({ machine, quick, rows: rows.map((row) => ({ ...row, met: !missed(row) })) }));
else console.log(table(machine, rows));
