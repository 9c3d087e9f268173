import { isWaybillError } from "../../../src/errors.js";
import { durationMs, type Duration } from "../../../src/runtime/duration.js";
import { corpus } from "../corpus.js";
import { mutated } from "../mutate.js";
import type { Random } from "../random.js";
import { must, type Target, type Trial } from "../target.js";
import { hostileText } from "../texts.js";

/** Durations of options, which configuration files may fill. */
export const durations: Target = {
  name: "durations",
  make: (random) => trial(durationText(random)),
  refuses: (error) => isWaybillError(error) && error.code === "invalidOption",
  growing: {
    digits: (size) => trial(`${"1".repeat(size)}m`),
    "digits after the point": (size) => trial(`1.${"1".repeat(size)}m`),
    "a long unit": (size) => trial(`1${"m".repeat(size)}`),
  },
};

const samples = corpus("durations");
const tokens = ["ms", "s", "m", "h", "d", "0", "9", ".", "-", "+", "e", " ", "\n", "Infinity"];

function durationText(random: Random): string {
  const kind = random.below(4);
  if (kind === 0) return hostileText(random);
  if (kind < 3) return mutated(random, random.pick(samples), tokens);
  return `${String(random.below(1000) / random.pick([1, 10, 1e6]))}${random.pick(tokens)}`;
}

const millisecondsOf: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 };

function trial(text: string): Trial {
  return {
    input: text,
    size: text.length,
    run() {
      const milliseconds = durationMs(text as Duration, "the option");
      must(Number.isFinite(milliseconds) && milliseconds >= 0, "a duration is finite and not negative");
      const unit = /[a-z]+$/.exec(text)?.[0] ?? "";
      const expected = parseFloat(text) * (millisecondsOf[unit] ?? Number.NaN);
      must(milliseconds === expected, "a duration is its number times its unit");
      return milliseconds;
    },
  };
}
