import { randomInt } from "node:crypto";
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hasFailed, runSeed } from "../src/testing/simulation/campaign.js";
import { shrink } from "../src/testing/simulation/shrink.js";
import { defaultSize } from "../src/testing/simulation/size.js";
import { storyOf } from "../src/testing/simulation/story.js";
import { wholeNumber } from "./numbers.js";
import type { Part } from "./sim-part.js";
import { bundled, elsewhere } from "./sim-workers.js";

/**
 * Runs simulated schedules: `--seeds N` consecutive seeds from `--first S` (random if absent), on `--workers` processes.
 * `--seed X` replays one. Exits with 0 only if every invariant held.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    first: { type: "string" },
    seed: { type: "string" },
    workers: { type: "string" },
  },
});

if (values.seed !== undefined) process.exitCode = await replay(values.seed);
else {
  const first = wholeNumber("first", values.first ?? String(randomInt(1, 2 ** 40)), 0);
  process.exitCode = await all(wholeNumber("seeds", values.seeds), first);
}

async function replay(seed: string): Promise<number> {
  const outcome = await runSeed(seed);
  if (outcome.findings.length === 0) {
    console.log(storyOf(outcome).split("\n").slice(0, 3).join("\n"));
    console.log("every invariant held");
    return 0;
  }
  for (const { invariant, text } of outcome.findings.slice(0, 20)) console.log(`${invariant}: ${text}`);
  console.log("\nshrunk:\n");
  console.log(storyOf(await shrink(outcome)));
  return 1;
}

async function all(seeds: number, first: number): Promise<number> {
  console.log(`size ${JSON.stringify(defaultSize)}`);
  console.log(`${seeds} seeds from ${first}`);
  const wanted = wholeNumber("workers", values.workers ?? String(availableParallelism()));
  const workers = Math.min(wanted, Math.ceil(seeds / 50));
  const share = Math.ceil(seeds / workers);
  const file = await bundled();
  const startedMs = performance.now();
  const parts = await Promise.all(
    Array.from({ length: workers }, (_, index) =>
      elsewhere(file, first + index * share, Math.max(0, Math.min(share, seeds - index * share))),
    ),
  );
  rmSync(join(file, ".."), { recursive: true, force: true });
  return report(seeds, parts, (performance.now() - startedMs) / 1000);
}

async function report(seeds: number, parts: readonly Part[], seconds: number): Promise<number> {
  const run = parts.reduce((sum, each) => sum + each.run, 0);
  const cpuSeconds = parts.reduce((sum, each) => sum + each.cpuSeconds, 0);
  const choices = parts.reduce((sum, each) => sum + each.coverage.choices, 0);
  const states = Math.max(...parts.map(({ coverage }) => coverage.states));
  const short = parts.reduce((sum, each) => sum + each.coverage.short, 0);
  console.log(
    `${run} schedules in ${seconds.toFixed(0)} s, ${Math.round(choices / run)} choices each, ` +
      `${(run / cpuSeconds).toFixed(0)} per CPU second`,
  );
  console.log(`schedules by fault: ${table(parts.flatMap(({ coverage }) => coverage.faults))}`);
  console.log(
    `schedules by invariant put to the test: ${table(parts.flatMap(({ coverage }) => coverage.invariants))}`,
  );
  console.log(
    `ways that messages took: at least ${states}; schedules with fewer than ${defaultSize.minChoices} choices: ${short}`,
  );
  const failed = parts.flatMap((each) => each.failed ?? []);
  for (const seed of failed) {
    console.log(`\nFAILED: seed ${seed} (npm run sim -- --seed ${seed})`);
    await replay(seed);
  }
  const missing = parts
    .map(({ coverage }) => coverage.missing)
    .reduce((left, right) => left.filter((name) => right.includes(name)));
  if (missing.length > 0) console.log(`never met: ${missing.join(", ")}`);
  if (failed.length === 0) console.log("every invariant held");
  return hasFailed(seeds, failed.length, missing) ? 1 : 0;
}

function table(counts: readonly (readonly [string, number])[]): string {
  const sums = new Map<string, number>();
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
  return [...sums]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}
