import { describe, expect, it } from "vitest";
import { behaviours, notYet } from "../../src/testing/conformance/behaviours.js";
import { conformanceBySection, conformanceCounts, conformanceRows } from "../../src/testing/index.js";
import { storeBehaviours } from "../../src/testing/conformance/p-stores.js";
import { requiredTokens } from "../../src/testing/required.js";
import { transportConformance, type ConformanceAdapter } from "../../src/testing/index.js";
import { bareQueues, limitedAdapters } from "./limited-adapters.js";
import { memoryAdapter } from "./memory-adapter.js";

const numbered = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);

describe("the conformance kit", () => {
  it("knows every behaviour of the catalogue once", () => {
    const known = [...behaviours, ...notYet].map(({ number }) => number).sort((a, b) => a - b);
    expect(known).toEqual(numbered(1, 147));
    expect(notYet.map(({ number }) => number)).toEqual([106, 107, 108, 145, 146]);
    expect(storeBehaviours.map(({ number }) => number)).toEqual(numbered(148, 162));
  });

  it("counts rows by outcome and by section", async () => {
    const rows = await conformanceRows(
      ["pass", "unsupported", "broken"].map((outcome, at) => ({
        number: at,
        name: outcome,
        section: at === 0 ? "A" : "B",
        stopsBroker: false,
        tests: "core",
        title: outcome,
        run: async () => {
          if (outcome === "broken") throw new Error("it does otherwise");
          return outcome as "pass";
        },
      })),
    );
    expect(conformanceCounts(rows)).toEqual({ pass: 1, unsupported: 1, fail: 1 });
    expect(rows[2]).toMatchObject({ outcome: "fail", detail: "it does otherwise" });
    expect(conformanceBySection(rows)).toMatchObject([
      { section: "A", pass: 1, fail: 0 },
      { section: "B", pass: 0, unsupported: 1, fail: 1 },
    ]);
  });
});

describe("what an adapter must declare", () => {
  it.each([
    [72, "queues:sessions"],
    [92, "topics:scheduling"],
    [69, "notifications"],
    [47, "queue:renew"],
    [94, "cancelSchedule"],
    [122, "claimCheck"],
  ])("behaviour %i fails where %s is owed and not declared", async (number, token) => {
    const found = transportConformance(lacking(token)).find((each) => each.number === number);
    await expect(found?.run()).rejects.toThrow(`memory must declare ${token}`);
  });

  it("names adapters of this repository, and nothing that a behaviour could not ask for", () => {
    expect(Object.keys(requiredTokens)).toEqual([
      "memory",
      "service-bus",
      "event-hubs",
      "event-grid",
      "storage-queue",
    ]);
  });
});

describe("an adapter that declares less", () => {
  // Those of volume say nothing of what is declared, and take most of the time.
  const volume = [14, 17, 142, 143];

  it.each(limitedAdapters)("$name: shows the rest, and every negative twin", async (adapter) => {
    const rows = await conformanceRows(
      transportConformance(adapter).filter(({ number }) => !volume.includes(number)),
    );
    expect(rows.filter(({ outcome }) => outcome === "fail")).toEqual([]);
    expect(conformanceCounts(rows).unsupported).toBeGreaterThan(10);
  });

  it("and can do next to nothing with a delivery shows the twins of each feature", async () => {
    const gated = new Set(
      behaviours
        .filter(({ gates, kinds }) => gates.length > 0 && kinds.includes("queue"))
        .map((each) => each.number),
    );
    const rows = await conformanceRows(
      transportConformance(bareQueues).filter(({ number }) => gated.has(number)),
    );
    expect(rows.filter(({ outcome }) => outcome !== "unsupported")).toEqual([]);
  });
});

/** The in-memory adapter, which keeps one thing to itself that it must declare. */
function lacking(token: string): ConformanceAdapter {
  const { needs, receivers, maxMessageBytes } = memoryAdapter.capabilities;
  const [kind = "", feature = ""] = token.split(":");
  return {
    ...memoryAdapter,
    extras: memoryAdapter.extras.filter((extra) => extra !== token),
    capabilities: {
      maxMessageBytes,
      needs: Object.fromEntries(Object.entries(needs).filter(([need]) => need !== token)),
      receivers: Object.fromEntries(
        Object.entries(receivers).map(([of, features]) => [
          of,
          of === kind ? { ...features, [feature]: false } : features,
        ]),
      ),
    },
  };
}
