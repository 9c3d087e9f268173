import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import type { StepCounter } from "../test/fuzz/steps.js";

/** A share of the inputs of a run, or the count of the steps of a sample. */
export type FuzzJob =
  | {
      readonly kind: "fuzz";
      readonly names: readonly string[];
      readonly seed: number;
      readonly from: number;
      readonly to: number;
      readonly stride: number;
    }
  | {
      readonly kind: "steps";
      readonly names: readonly string[];
      readonly seed: number;
      readonly samples: number;
    };

export interface JobReport {
  readonly inputs: number;
  readonly parsed: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly failures: readonly string[];
  /** What stays on the heap after the first tenth of the inputs. */
  readonly grownMegabytes: number;
  readonly stepsPerUnit: Readonly<Record<string, number>>;
}

const { job, current } = workerData as { readonly job: FuzzJob; readonly current: Int32Array };

// Steps inside of functions are counted only in code that is loaded after the count began.
const counter = job.kind === "steps" ? (await import("../test/fuzz/steps.js")).startCounting() : undefined;
const { targets } = await import("../test/fuzz/targets.js");
const { fuzz } = await import("../test/fuzz/fuzz.js");
const { checkSteps } = await import("../test/fuzz/check-steps.js");
const chosen = targets.filter(({ name }) => job.names.includes(name));

parentPort?.postMessage(job.kind === "fuzz" ? fuzzed(job) : stepped(job, counter));

function fuzzed({ seed, from, to, stride }: FuzzJob & { kind: "fuzz" }): JobReport {
  const starting = (input: number): void => void Atomics.store(current, 0, input);
  const warm = from + Math.ceil((to - from) / 10 / stride) * stride;
  const first = fuzz({ seed, from, to: Math.min(warm, to), stride, targets: chosen, starting });
  const before = heapMegabytes();
  const rest = fuzz({ seed, from: warm, to, stride, targets: chosen, starting });
  const grownMegabytes = heapMegabytes() - before;
  return {
    inputs: first.inputs + rest.inputs,
    parsed: added(first.parsed, rest.parsed),
    refused: added(first.refused, rest.refused),
    failures: [...first.failures, ...rest.failures].map(
      ({ target, input, problem, shown }) =>
        `${target}: ${problem}\n${shown}\nto see it again: npm run fuzz -- --seed ${seed} --target ${target} --from ${input} --inputs 1`,
    ),
    grownMegabytes,
    stepsPerUnit: {},
  };
}

function stepped({ seed, samples }: FuzzJob & { kind: "steps" }, steps: StepCounter | undefined): JobReport {
  if (steps === undefined) throw new Error("steps are counted by a job of that kind alone");
  const { counted, perUnit, failures } = checkSteps(steps, chosen, seed, samples, () => {
    Atomics.add(current, 0, 1);
  });
  return { inputs: counted, parsed: {}, refused: {}, failures, grownMegabytes: 0, stepsPerUnit: perUnit };
}

/** After a collection, so that only what is still held counts. */
function heapMegabytes(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

function added(
  some: Readonly<Record<string, number>>,
  more: Readonly<Record<string, number>>,
): Record<string, number> {
  const names = new Set([...Object.keys(some), ...Object.keys(more)]);
  return Object.fromEntries([...names].map((name) => [name, (some[name] ?? 0) + (more[name] ?? 0)]));
}
