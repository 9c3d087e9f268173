import { join } from "node:path";
import { elsewhere } from "../../scripts/sim-workers.js";
import { spread } from "../measure.js";
import type { Scenario } from "../scenario.js";

/** P16: schedules of the simulation, with its default size, in the processes in which `npm run sim` runs them. */
export const simulation: Scenario = async ({ quick }) => {
  const seeds = quick ? 600 : 2_000;
  const file = join(import.meta.dirname, "sim-part.mjs");
  const rates: number[] = [];
  for (let first = 1; first <= 3 * seeds; first += seeds) {
    const { run, cpuSeconds, failed } = await elsewhere(file, first, seeds);
    if (failed !== undefined) throw new Error(`the schedule of seed ${failed} fails`);
    rates.push(run / cpuSeconds);
  }
  return [
    {
      target: "P16",
      what: "simulated schedules of the default size a CPU second",
      value: spread(rates),
      unit: "/s",
      atLeast: 100,
      note: `processes of ${String(seeds)} schedules, warming up included; checked, one in a hundred run twice; all threads count`,
    },
  ];
};
