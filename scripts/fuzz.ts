import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { targets } from "../test/fuzz/targets.js";
import type { FuzzJob, JobReport } from "./fuzz-worker.js";
import { wholeNumber } from "./numbers.js";

/**
 * Throws inputs at every parser that meets outside data: `npm run fuzz -- [--inputs N] [--seed S] [--target NAME]
 * [--from N]`. Without `--inputs` a million, the size of a night. Exits with 1 if any parser fails.
 */
const { values } = parseArgs({
  options: {
    inputs: { type: "string", default: "1000000" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    from: { type: "string", default: "0" },
    target: { type: "string" },
  },
});

/** An input that takes longer than this hangs. */
const guardMs = 10_000;
/** What a worker may hold at any time: a leak of some hundred bytes an input ends it. */
const heapMegabytes = 256;
const growthMegabytes = 64;

/** The number of the current input before there is one. */
const notStarted = -1;
const nothing: JobReport = {
  inputs: 0,
  parsed: {},
  refused: {},
  failures: [],
  grownMegabytes: 0,
  stepsPerUnit: {},
};

const seed = wholeNumber("seed", values.seed, 0);
const from = wholeNumber("from", values.from, 0);
const inputs = wholeNumber("inputs", values.inputs);
const names = targets
  .map(({ name }) => name)
  .filter((name) => values.target === undefined || name === values.target);
if (names.length === 0) fail(`--target is none of ${targets.map(({ name }) => name).join(", ")}`);

console.log(`seed ${seed}, ${inputs.toLocaleString("en")} inputs for ${names.length} parsers`);
console.log("not among them: connection strings, which nothing of ours reads yet");
const startedMs = performance.now();
const workers = Math.min(availableParallelism(), 8, inputs);
const jobs = Array.from({ length: workers }, (_, at): FuzzJob => {
  return { kind: "fuzz", names, seed, from: from + at, to: from + inputs, stride: workers };
});
const reports = await Promise.all(jobs.map(run));
const seconds = (performance.now() - startedMs) / 1000;
const steps = await run({ kind: "steps", names, seed, samples: Math.min(200, Math.ceil(inputs / 100)) });
report([...reports, steps]);

function run(job: FuzzJob): Promise<JobReport> {
  const current = new Int32Array(new SharedArrayBuffer(4)).fill(notStarted);
  const entry = JSON.stringify(new URL("./fuzz-worker.ts", import.meta.url).href);
  const worker = new Worker(
    `import("tsx/esm/api").then(({ tsImport }) => tsImport(${entry}, ${JSON.stringify(import.meta.url)}))`,
    { eval: true, workerData: { job, current }, resourceLimits: { maxOldGenerationSizeMb: heapMegabytes } },
  );
  return new Promise((resolve) => {
    const end = (outcome: JobReport): void => {
      clearInterval(watch);
      void worker.terminate();
      resolve(outcome);
    };
    const failed = (problem: string): void =>
      end({ ...nothing, failures: [`${problem}; ${again(job, current[0] ?? 0)}`] });
    const watch = watchFor(current, () => failed(`no answer within ${guardMs / 1000} s`));
    worker.once("message", end);
    worker.once("error", (error) => failed(String(error)));
  });
}

/** Calls when the number of the current input has stood still for too long. */
function watchFor(current: Int32Array, hangs: () => void): NodeJS.Timeout {
  let [seen, sinceMs] = [notStarted, performance.now()];
  return setInterval(() => {
    const now = Atomics.load(current, 0);
    if (now === notStarted || now !== seen) [seen, sinceMs] = [now, performance.now()];
    else if (performance.now() - sinceMs > guardMs) hangs();
  }, 500);
}

function again(job: FuzzJob, input: number): string {
  if (job.kind === "steps") return "while steps were counted";
  const target = names[input % names.length];
  return `to see it again: npm run fuzz -- --seed ${seed} --target ${target} --from ${input} --inputs 1`;
}

function report(all: readonly JobReport[]): void {
  const sum = (of: "parsed" | "refused", name: string): string =>
    all.reduce((total, one) => total + (one[of][name] ?? 0), 0).toLocaleString("en");
  console.log(`\n${"parser".padEnd(16)}${"parsed".padStart(10)}${"refused".padStart(10)}  steps a unit`);
  for (const name of names) {
    const perUnit = steps.stepsPerUnit[name]?.toFixed(1) ?? "";
    console.log(
      `${name.padEnd(16)}${sum("parsed", name).padStart(10)}${sum("refused", name).padStart(10)}  ${perUnit}`,
    );
  }
  const done = all.reduce((total, one) => total + one.inputs, 0);
  const grown = Math.max(...all.map(({ grownMegabytes }) => grownMegabytes));
  const rate = Math.round(reports.reduce((total, one) => total + one.inputs, 0) / seconds);
  console.log(
    `\n${done.toLocaleString("en")} inputs in ${seconds.toFixed(1)} s, ${rate.toLocaleString("en")} a second`,
  );
  console.log(`the heap grew by ${grown.toFixed(1)} MB, allowed are ${growthMegabytes}`);
  const failures = all.flatMap((one) => one.failures);
  if (grown > growthMegabytes) failures.push("memory grows with the number of inputs");
  for (const failure of failures) console.error(`\n✗ ${failure}`);
  console.log(failures.length === 0 ? "✓ no parser failed" : `\n${failures.length} failures, seed ${seed}`);
  if (failures.length > 0) process.exitCode = 1;
}

function fail(problem: string): never {
  console.error(problem);
  process.exit(2);
}
