import { randomOf } from "./random.js";
import type { StepCounter } from "./steps.js";
import { outcomeOf } from "./fuzz.js";
import type { Target, Trial } from "./target.js";

export interface StepsReport {
  readonly counted: number;
  /** The most steps that a random input took, divided by its size and a hundred, by target. */
  readonly perUnit: Readonly<Record<string, number>>;
  /** What takes more steps than it may. */
  readonly failures: readonly string[];
}

/** Steps that an input may cost whatever its size is, and for each character, byte or entry of it. */
const fixedSteps = 4000;
const stepsPerUnit = 30;

/**
 * Counts what inputs cost. Inputs of a growing family may cost twice as much at twice the size, and random ones
 * what their size allows.
 *
 * @param samples random inputs of each target.
 * @param starting told before each input.
 */
export function checkSteps(
  counter: StepCounter,
  targets: readonly Target[],
  seed: number,
  samples: number,
  starting?: () => void,
): StepsReport {
  const failures: string[] = [];
  const perUnit: Record<string, number> = {};
  let counted = 0;
  const cost = (target: Target, trial: Trial): number => {
    counted += 1;
    starting?.();
    const steps = counter.count(() => void outcomeOf(target, trial));
    if (steps === 0) throw new Error("no steps are counted: load the parsers after the count began");
    return steps;
  };
  for (const target of targets) {
    for (const [family, make] of Object.entries(target.growing)) {
      const [small, twice, large] = [200, 400, 800].map((size) => cost(target, make(size)));
      failures.push(...tooSteep(`${target.name}, ${family}`, small ?? 0, twice ?? 0, large ?? 0));
    }
    for (let input = 0; input < samples; input += 1) {
      const trial = target.make(randomOf(seed, target.name, input));
      const steps = cost(target, trial);
      perUnit[target.name] = Math.max(perUnit[target.name] ?? 0, steps / (trial.size + 100));
      if (steps > fixedSteps + stepsPerUnit * trial.size) {
        failures.push(`${target.name}, input ${input}: ${steps} steps for a size of ${trial.size}`);
      }
    }
  }
  return { counted, perUnit, failures };
}

/** Steps grow at most as the size does, with some room for what is done once. */
function tooSteep(name: string, small: number, twice: number, large: number): readonly string[] {
  const grows = twice <= 2.2 * small + 200 && large <= 2.2 * twice + 200;
  return grows ? [] : [`${name}: ${small}, ${twice} and ${large} steps at sizes 200, 400 and 800`];
}
