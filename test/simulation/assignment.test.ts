import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { campaign, hasFailed } from "../../src/testing/simulation/campaign.js";
import { checkedInvariants } from "../../src/testing/simulation/checkers/all.js";
import { faultKinds, type FaultKind } from "../../src/testing/simulation/faults.js";
import { root } from "../../scripts/entries.js";

const page = readFileSync(join(root, "docs/simulation.md"), "utf8");
const [, faults = "", invariants = ""] = page.split(/^## (?:Faults|Invariants)$/m);

/** The rows of a table, by their number. */
const rows = (text: string): ReadonlyMap<number, string> =>
  new Map(
    [...text.matchAll(/^\| *(\d+) *\|[^|]*\|(.*)\|$/gm)].map(([, number, where]) => [
      Number(number),
      where ?? "",
    ]),
  );

const numbers = (to: number): readonly number[] => Array.from({ length: to }, (_, index) => index + 1);

describe("docs/simulation.md", () => {
  it("assigns every fault and every invariant", () => {
    expect([...rows(faults).keys()]).toEqual(numbers(78));
    expect([...rows(invariants).keys()]).toEqual(numbers(24));
  });

  it("names every kind of fault beside the numbers that it stands for", () => {
    for (const [name, kind] of Object.entries<FaultKind>(faultKinds)) {
      for (const number of kind.f) expect(rows(faults).get(number), `F${number}`).toContain(`\`${name}\``);
    }
  });

  it("gives the simulation the invariants that are checked, and no others", () => {
    const simulated = [...rows(invariants)].filter(([, where]) => where.trim() === "sim");
    const checked = checkedInvariants
      .map((name) => Number(name.slice(1)))
      .sort((left, right) => left - right);
    expect(simulated.map(([number]) => number)).toEqual(checked);
  });

  it("names tests that exist", () => {
    const named = [...page.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => path ?? "");
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });
});

describe("a run of the simulation", () => {
  it("says which faults and invariants it never met", async () => {
    const { coverage } = await campaign({ first: 1, seeds: 1 });
    const simulated = [...Object.keys(faultKinds), ...checkedInvariants];
    const met = (name: string): boolean => coverage.faults.has(name) || coverage.invariants.has(name);
    const unmet = simulated.filter((name) => !met(name));
    expect(unmet.length).toBeGreaterThan(0);
    expect(coverage.missing).toEqual(expect.arrayContaining(unmet));
  });

  it("fails for what it never met from 10,000 schedules on, and for a failure always", () => {
    expect(hasFailed(9_999, 0, ["I18"])).toBe(false);
    expect(hasFailed(10_000, 0, ["I18"])).toBe(true);
    expect(hasFailed(10_000, 0, [])).toBe(false);
    expect(hasFailed(1, 1, [])).toBe(true);
  });
});
