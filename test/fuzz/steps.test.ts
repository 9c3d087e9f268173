import { afterAll, expect, it } from "vitest";
import { startCounting } from "./steps.js";
import type { Target } from "./target.js";

const counter = startCounting();
afterAll(() => counter.stop());

// Loaded after the count began: only then does the engine count inside of functions.
const { checkSteps } = await import("./check-steps.js");
const { targets } = await import("./targets.js");

it("parsers take a number of steps that grows as their input does", () => {
  const { failures, counted } = checkSteps(counter, targets, 1, 15);
  expect(failures).toEqual([]);
  expect(counted).toBeGreaterThan(250);
});

it("a parser whose steps outgrow its input is caught", async () => {
  const { parseJson } = await import("../../src/message/json-text.js");
  const small = Buffer.from("[1]");
  const quadratic: Target = {
    name: "quadratic",
    make: () => ({ input: small, size: 3, run: () => repeat(100_000) }),
    refuses: () => false,
    growing: { everything: (size) => ({ input: size, size, run: () => repeat(size * size) }) },
  };
  const repeat = (times: number): void => {
    for (let left = times; left > 0; left -= 1) parseJson(small);
  };
  const { failures } = checkSteps(counter, [quadratic], 1, 1);
  expect(failures).toEqual([
    expect.stringContaining("quadratic, everything"),
    expect.stringContaining("quadratic, input 0"),
  ]);
});
