import { describe, expect, it } from "vitest";
import { ConformanceFailure } from "../../src/testing/conformance/check.js";
import { transportConformance } from "../../src/testing/conformance/transport-conformance.js";
import { alteredAdapter } from "./altered-transport.js";
import { brokenAdapters } from "./broken-adapters.js";

const caseOf = (adapter: Parameters<typeof transportConformance>[0], number: number) => {
  const found = transportConformance(adapter).find((each) => each.number === number);
  if (found === undefined) throw new Error(`there is no behaviour ${String(number)}`);
  return found;
};

describe("a broken adapter is caught by the behaviour that names its fault", () => {
  it.each(brokenAdapters)("$fault, by behaviour $caughtBy", async ({ caughtBy, make }) => {
    await expect(caseOf(alteredAdapter(make()), caughtBy).run()).rejects.toBeInstanceOf(ConformanceFailure);
  });

  it("and the same adapter without a fault shows all of these behaviours", async () => {
    for (const number of new Set(brokenAdapters.map(({ caughtBy }) => caughtBy)))
      expect(await caseOf(alteredAdapter({}), number).run()).toBe("pass");
  });

  it("fifteen faults are known", () => {
    expect(new Set(brokenAdapters.map(({ fault }) => fault)).size).toBe(15);
  });
});
