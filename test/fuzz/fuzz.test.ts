import { describe, expect, it } from "vitest";
import { fuzz, outcomeOf, type Failure } from "./fuzz.js";
import { must, type Target } from "./target.js";
import { targets } from "./targets.js";

/** The short run repeats; `npm run fuzz` draws a seed and runs a million. */
const seed = 1;

describe("parsers of outside data", () => {
  it.each(targets)(`take or refuse what comes, and do nothing else: $name, seed ${seed}`, (target) => {
    const { failures, parsed } = fuzz({ seed, from: 0, to: 500, targets: [target] });
    expect(failures).toEqual([]);
    expect(parsed[target.name]).toBeGreaterThan(20);
  });

  it.each(targets)("take or refuse inputs of any size: $name", (target) => {
    for (const [family, make] of Object.entries(target.growing)) {
      for (const size of [0, 1, 64, 20_000]) {
        expect([family, outcomeOf(target, make(size))]).toEqual([
          family,
          expect.stringMatching(/parsed|refused/),
        ]);
      }
    }
  });
});

describe("the fuzzer", () => {
  const parser = (run: (input: number) => unknown): Target => ({
    name: "broken",
    make: (random) => {
      const input = random.below(100);
      return { input, size: 1, run: () => run(input) };
    },
    refuses: (error) => error instanceof RangeError,
    growing: {},
  });
  const problems = (target: Target): readonly string[] =>
    fuzz({ seed, from: 0, to: 50, targets: [target] }).failures.map(({ problem }) => problem);

  it("reports a crash with its input, and the same with the same seed", () => {
    const target = parser((input) => {
      if (input % 10 === 3) throw new TypeError(`cannot read ${input}`);
    });
    const run = (from: number, to: number): Failure | undefined =>
      fuzz({ seed, from, to, targets: [target] }).failures[0];
    const found = run(0, 500);
    const again = run(found?.input ?? 0, (found?.input ?? 0) + 1);
    expect(found?.problem).toContain(`cannot read ${found?.shown}`);
    expect([again?.input, again?.shown]).toEqual([found?.input, found?.shown]);
  });

  it("reports an answer that must not be given, and no refusal", () => {
    expect(problems(parser(() => must(false, "never so")))).toContainEqual(
      expect.stringContaining("never so"),
    );
    const refusing = parser(() => {
      throw new RangeError("too much");
    });
    expect(problems(refusing)).toEqual([]);
  });

  it("reports a result whose prototype came from the input", () => {
    const target = parser(() => ({ a: [Object.create({ isAdmin: true })] }));
    expect(problems(target)).toContainEqual(expect.stringContaining("result.a.0"));
  });

  it.each([true, false])("reports a prototype that was changed, by a member that shows: %s", (enumerable) => {
    const pollute = (): void =>
      void Object.defineProperty(Object.prototype, "isAdmin", {
        value: true,
        enumerable,
        configurable: true,
      });
    const found = problems(parser(pollute));
    Reflect.deleteProperty(Object.prototype, "isAdmin");
    expect(found).toEqual([expect.stringContaining("a prototype was changed")]);
  });
});
