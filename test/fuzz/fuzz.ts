import { inspect } from "node:util";
import { foreignPrototype, inheritsAnything, prototypeMembers } from "./prototypes.js";
import { randomOf } from "./random.js";
import type { Target, Trial } from "./target.js";

export interface FuzzOptions {
  readonly seed: number;
  /** Numbers of the inputs: the n-th goes to target n modulo their count. */
  readonly from: number;
  readonly to: number;
  /** The next input of this run is so many further on. Default 1; several workers share a run by it. */
  readonly stride?: number;
  readonly targets: readonly Target[];
  /** Told before each input, so that a watch can name the one that hangs. */
  readonly starting?: (input: number) => void;
}

export interface FuzzReport {
  readonly inputs: number;
  /** Inputs that were parsed, by target; the others were refused. */
  readonly parsed: Readonly<Record<string, number>>;
  readonly refused: Readonly<Record<string, number>>;
  readonly failures: readonly Failure[];
}

export interface Failure {
  readonly target: string;
  /** The number of the input: with the seed it makes the input again. */
  readonly input: number;
  readonly problem: string;
  readonly shown: string;
}

const mostFailures = 20;

/** Gives parsers input after input, and says for which of them they crashed or answered what they must not. */
export function fuzz({ seed, from, to, stride = 1, targets, starting }: FuzzOptions): FuzzReport {
  const parsed: Record<string, number> = {};
  const refused: Record<string, number> = {};
  const failures: Failure[] = [];
  const untouched = prototypeMembers();
  let inputs = 0;
  for (let input = from; input < to && failures.length < mostFailures; input += stride) {
    const target = targets[input % targets.length] as Target;
    starting?.(input);
    const trial = target.make(randomOf(seed, target.name, input));
    const outcome = outcomeOf(target, trial);
    inputs += 1;
    if (outcome === "parsed") parsed[target.name] = (parsed[target.name] ?? 0) + 1;
    else if (outcome === "refused") refused[target.name] = (refused[target.name] ?? 0) + 1;
    else failures.push({ target: target.name, input, problem: outcome.problem, shown: shown(trial.input) });
    // Looking at every member costs more than most parsers do, so it is done now and then.
    const last = input + stride >= to;
    if (inheritsAnything() || ((last || inputs % 200 === 0) && prototypeMembers() !== untouched)) {
      failures.push({
        target: target.name,
        input,
        problem: "a prototype was changed, here or at most 200 inputs before",
        shown: shown(trial.input),
      });
      break;
    }
  }
  return { inputs, parsed, refused, failures };
}

/** Runs one trial: the parser may take the input or refuse it, and nothing else. */
export function outcomeOf(target: Target, trial: Trial): "parsed" | "refused" | { readonly problem: string } {
  try {
    const foreign = foreignPrototype(trial.run());
    return foreign === undefined ? "parsed" : { problem: `the result has a foreign prototype at ${foreign}` };
  } catch (error) {
    if (target.refuses(error)) return "refused";
    return { problem: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const shown = (input: unknown): string =>
  inspect(input, { depth: 8, maxStringLength: 2000, breakLength: 110 });
