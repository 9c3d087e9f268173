import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { realRuntime } from "waybill/store";
import { campaign, type Result } from "../test/faults/campaign.js";
import { rows } from "../test/faults/catalogue.js";
import { failuresOf, sumOf, tableOf, unplayedText } from "../test/faults/report.js";
import { unplayed } from "../test/faults/unplayed.js";

/**
 * Breaks the wire between Microsoft's SDKs and the services while messages flow, row by row of the catalogue of faults:
 * `--only F4,F11` chooses faults, `--on event-hubs` a service, `--seed S` repeats the jitter of a run, `--lanes N` runs so many
 * rows at a time (8), `--json` prints one object. Exits with 0 only if every fault struck and every row held.
 */
const { values } = parseArgs({
  options: {
    only: { type: "string" },
    on: { type: "string" },
    seed: { type: "string" },
    lanes: { type: "string", default: "8" },
    json: { type: "boolean", default: false },
  },
});
const seed = Number(values.seed ?? randomInt(1, 2 ** 31));
const lanes = Number(values.lanes);
const only = values.only?.split(",").map((name) => Number(name.trim().replace(/^F/i, "")));
const chosen = rows.filter(({ f, on }) => (only?.includes(f) ?? true) && (values.on ?? on) === on);
if (chosen.length === 0 || !Number.isInteger(seed) || !Number.isInteger(lanes) || lanes < 1) {
  const services = [...new Set(rows.map(({ on }) => on))].join(", ");
  const played = [...new Set(rows.map(({ f }) => `F${String(f)}`))].join(",");
  console.error(
    `give --only some of ${played}, --on one of ${services}, and whole numbers for --seed and --lanes`,
  );
  process.exit(2);
}

/** Timers of the runtime keep no process alive. */
const alive = realRuntime().hold();
if (!values.json) console.log(`${String(chosen.length)} rows, seed ${String(seed)}\n`);
const startedMs = performance.now();
const run = await campaign(chosen, { seed, lanes, ...(values.json ? {} : { told }) });
alive.cancel();
const failures = failuresOf(run);
const seconds = Math.round((performance.now() - startedMs) / 1_000);
if (values.json) {
  console.log(JSON.stringify({ seed, seconds, ...run, unplayed, failures }, undefined, 2));
} else {
  console.log(`\n${tableOf(run.results)}\n`);
  console.log(unplayedText());
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  console.log(`\n${String(seconds)} s, seed ${String(seed)}`);
  console.log(sumOf(run));
}
// What an SDK has left behind holds no result back.
process.exit(failures.length === 0 && run.results.every(({ pass }) => pass) ? 0 : 1);

function told({ f, on, pass, tookMs }: Result): void {
  console.log(`F${String(f)} ${on}: ${pass ? "pass" : "FAIL"} (${(tookMs / 1_000).toFixed(1)} s)`);
}
