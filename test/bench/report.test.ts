import { describe, expect, it } from "vitest";
import { ratios, spread } from "../../bench/measure.js";
import { withFigures } from "../../bench/performance-page.js";
import { json, markdown, missed, table, type Report } from "../../bench/report.js";
import type { Row } from "../../bench/scenario.js";
import { chosen, scenarios } from "../../bench/scenarios.js";

const figure = (median: number) => ({ median, low: median / 2, high: median * 2 });
const rows: readonly Row[] = [
  { target: "P1", what: "ours / B", value: figure(12.34), unit: "× B", atMost: 10 },
  { target: "P16", what: "schedules", value: figure(1_234.5), unit: "/s", atLeast: 100, note: "checked" },
  { what: "a peer that gave up", value: figure(Number.NaN), unit: "µs" },
];
const report: Report = { machine: "a machine", quick: false, rows };

describe("the report of a bench", () => {
  it("aligns what was measured with what was wanted", () => {
    expect(table(report)).toBe(
      [
        "a machine",
        "",
        "     what                 median    10 % … 90 %  target            note",
        "P1   ours / B             12.3 × B  6.17 … 24.7  ≤ 10 × B  missed",
        "P16  schedules            1,235 /s  617 … 2,469  ≥ 100 /s  met     checked",
        "     a peer that gave up  – µs      – … –",
      ].join("\n"),
    );
  });

  it("writes the same as a table for a page", () => {
    expect(markdown({ ...report, quick: true }).split("\n")).toEqual([
      "a machine, quick run:",
      "",
      "|  | what | median | 10 % … 90 % | target |  | note |",
      "| --- | --- | --- | --- | --- | --- | --- |",
      "| P1 | ours / B | 12.3 × B | 6.17 … 24.7 | ≤ 10 × B | missed |  |",
      "| P16 | schedules | 1,235 /s | 617 … 2,469 | ≥ 100 /s | met | checked |",
      "|  | a peer that gave up | – µs | – … – |  |  |  |",
    ]);
  });

  it("says in JSON which targets were met, and null for what was not measured", () => {
    expect(JSON.parse(json(report))).toMatchObject({
      machine: "a machine",
      quick: false,
      rows: [
        { target: "P1", met: false, atMost: 10 },
        { target: "P16", met: true, atLeast: 100 },
        { value: { median: null } },
      ],
    });
    expect(json(report)).not.toContain('"met":null');
  });

  it("counts a figure that could not be taken as a missed target", () => {
    expect(missed({ what: "x", value: figure(Number.NaN), unit: "µs", atMost: 1 })).toBe(true);
  });

  it("replaces the figures of a page and nothing else", () => {
    const page = (figures: string): string =>
      `# A page\n\n<!-- figures: npm run bench -- --markdown -->\n\n${figures}\n\n<!-- end of the figures -->\n\nMore.\n`;
    expect(withFigures(page("old"), "new")).toBe(page("new"));
    expect(() => withFigures("# Another page", "new")).toThrow("docs/performance.md lacks");
  });
});

describe("the scenarios of a bench", () => {
  it.each(Object.entries(scenarios))("has %s", async (_name, load) => {
    expect(await load()).toBeTypeOf("function");
  });

  it("runs all of them, or those that are named", () => {
    expect(chosen(undefined)).toEqual(Object.keys(scenarios));
    expect(chosen("wheel,broker")).toEqual(["wheel", "broker"]);
    expect(() => chosen("wheels")).toThrow('no scenario "wheels": give some of broker, nodeTs');
  });
});

describe("what a bench makes of its rounds", () => {
  it("takes the middle, and the tenth and ninetieth part for the spread", () => {
    expect(spread([5, 1, 4, 2, 3, 11, 10, 9, 8, 7, 6])).toEqual({ median: 6, low: 2, high: 10 });
  });

  it("compares round by round", () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  });
});
