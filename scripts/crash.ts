import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { bundleChild } from "../test/crash/bundle.js";
import { points, type Point, type TransportName } from "../test/crash/points.js";
import { runPoint, type PointResult } from "../test/crash/run-point.js";
import { failuresOf, tableOf } from "../test/crash/report.js";

/**
 * Kills consumer processes with SIGKILL at every point of their work, `--kills N` times each (25), over the real SDKs. The
 * kills of a point are shared among its transports: three times as many are as many for each. `--point NAME` and
 * `--transport NAME` narrow it, `--seed S` repeats a run, `--lanes N` runs so many points at a time (2).
 * Exits with 0 only if every point was hit as often as asked, nothing was lost and no effect was repeated.
 */
const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "25" },
    point: { type: "string" },
    transport: { type: "string" },
    seed: { type: "string" },
    lanes: { type: "string", default: "2" },
  },
});

interface Planned {
  readonly transport: TransportName;
  readonly point: Point;
  readonly kills: number;
}

const perPoint = Number(values.kills);
const seed = Number(values.seed ?? randomInt(1, 2 ** 31));
const planned = (["service-bus", "event-hubs", "storage-queue"] as const).flatMap((transport): Planned[] =>
  points
    .filter(({ on, name }) => on.includes(transport) && (values.point ?? name) === name)
    .filter(() => (values.transport ?? transport) === transport)
    .map((point) => ({ transport, point, kills: killsOf(point) })),
);
if (planned.length === 0 || !Number.isInteger(perPoint) || perPoint < 1) {
  console.error(
    "give --kills a whole number from 1 up, --transport one of service-bus, event-hubs, storage-queue, and --point one of " +
      points.map(({ name }) => `"${name}"`).join(", "),
  );
  process.exit(2);
}

console.log(`${planned.length} points and transports, ${perPoint} kills for each point, seed ${seed}`);
const startedMs = performance.now();
const program = await bundleChild();
const results: PointResult[] = [];
const failures: string[] = [];
try {
  const left = planned.map((each, index) => ({ ...each, seed: seed + index }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { transport, point } = next;
      try {
        const result = await runPoint({ ...next, program: program.file });
        results.push(result);
        failures.push(...failuresOf(result, next.kills));
        console.log(
          `${transport}: ${point.name}: ${result.kills} kills, ${result.lost.length} lost, ${result.repeated.length} repeated`,
        );
      } catch (error) {
        failures.push(`${transport}: ${point.name}: ${String(error)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Number(values.lanes) }, lane));
} finally {
  program.remove();
}
console.log(`\n${tableOf(results)}\n`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
console.log(
  `${results.reduce((sum, each) => sum + each.kills, 0)} kills in ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
);
process.exitCode = failures.length === 0 ? 0 : 1;

/** A run for one transport alone has all kills of a point there. */
function killsOf({ on }: Point): number {
  return values.transport === undefined ? Math.ceil(perPoint / on.length) : perPoint;
}
