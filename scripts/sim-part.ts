import { campaign, type Coverage } from "../src/testing/simulation/campaign.js";

/** What one process of `npm run sim` says of its share of the seeds. */
export interface Part {
  readonly run: number;
  readonly cpuSeconds: number;
  readonly failed: string | undefined;
  readonly coverage: Omit<Coverage, "faults" | "invariants"> & {
    readonly faults: readonly (readonly [string, number])[];
    readonly invariants: readonly (readonly [string, number])[];
  };
}

/** Runs the schedules of consecutive seeds, given as first and number, and prints what came of them as JSON. */
const [first, seeds] = process.argv.slice(2).map(Number);
if (first === undefined || seeds === undefined) throw new Error("give a first seed and how many");
const before = process.cpuUsage();
const { run, failure, coverage } = await campaign({ first, seeds });
const { user, system } = process.cpuUsage(before);
const part: Part = {
  run,
  cpuSeconds: (user + system) / 1e6,
  failed: failure?.schedule.seed,
  coverage: { ...coverage, faults: [...coverage.faults], invariants: [...coverage.invariants] },
};
process.stdout.write(JSON.stringify(part));
