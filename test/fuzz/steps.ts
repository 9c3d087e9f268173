import { Session } from "node:inspector";
import { setFlagsFromString } from "node:v8";

/** Counts steps. */
export interface StepCounter {
  /** How often blocks of our own code ran during the call, counted by the engine: the same number on every machine. */
  count(run: () => void): number;
  stop(): void;
}

/**
 * Starts counting. Only code that is loaded afterwards is counted to the block, so load the parsers then.
 *
 * What the engine does by itself (regular expressions, `JSON.parse`) is not counted.
 */
export function startCounting(): StepCounter {
  // Optimised code does not count every block.
  setFlagsFromString("--no-opt");
  const session = new Session();
  session.connect();
  session.post("Profiler.enable");
  session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  const take = (): number => {
    let steps = 0;
    session.post("Profiler.takePreciseCoverage", (error, taken) => {
      if (error !== null) throw error;
      steps = stepsOf(taken.result);
    });
    return steps;
  };
  return {
    count(run) {
      take();
      run();
      return take();
    },
    stop() {
      session.disconnect();
      setFlagsFromString("--opt");
    },
  };
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly { readonly count: number }[] }[];
}

const ours = /[\\/](src|adapters)[\\/].*\.[jt]s/;

function stepsOf(scripts: readonly ScriptCoverage[]): number {
  let steps = 0;
  for (const { url, functions } of scripts) {
    if (!ours.test(url)) continue;
    for (const { ranges } of functions) for (const { count } of ranges) steps += count;
  }
  return steps;
}
