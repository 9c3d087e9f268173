import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { campaign, failureText, type Outcome } from "../test/differential/campaign.js";
import { EmulatorSide } from "../test/differential/emulator-side.js";
import { memorySide } from "../test/differential/memory-side.js";
import { StillRuntime } from "../test/differential/still-runtime.js";
import { wholeNumber } from "./numbers.js";

/**
 * Compares the in-memory adapter with the Service Bus adapter over Microsoft's client and the emulator: `--sequences N`
 * random command sequences, those of the seeds from `--seed S` (random if absent). Exits with 0 only if all histories are
 * equal and each theme has its share.
 */
const { values } = parseArgs({
  options: { sequences: { type: "string", default: "2000" }, seed: { type: "string" } },
});
const sequences = wholeNumber("sequences", values.sequences);
const first = wholeNumber("seed", values.seed ?? String(randomInt(1, 2 ** 40)), 0);

const runtime = new StillRuntime();
const right = await EmulatorSide.start(runtime);
console.log(`${sequences} sequences from seed ${first}`);
const outcome = await campaign({ runtime, left: memorySide(runtime), right }, first, sequences);
await right.close();
process.exitCode = report(outcome);

function report({ sequences: run, met, missed, failure }: Outcome): number {
  const { user, system } = process.cpuUsage();
  console.log(`${run} sequences in ${((user + system) / 1e6).toFixed(0)} s of processor time`);
  console.log([...met].map(([theme, count]) => `${theme} ${((100 * count) / run).toFixed(0)} %`).join(", "));
  if (failure !== undefined) {
    console.log(
      `\nFAILED (npm run differential -- --sequences 1 --seed ${failure.sequence.seed}), shrunk:\n`,
    );
    console.log(failureText(failure));
    return 1;
  }
  if (missed.length > 0) {
    console.log(`FAILED: fewer than a tenth of the sequences met ${missed.join(", ")}`);
    return 1;
  }
  console.log("every history is the same on both sides");
  return 0;
}
