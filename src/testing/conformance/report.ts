import { sections, type Section } from "./behaviour.js";
import type { CaseOutcome, ConformanceCase } from "./transport-conformance.js";

/** What one case came to. */
export interface ConformanceRow {
  readonly number: number;
  readonly name: string;
  readonly section: Section;
  readonly tests: ConformanceCase["tests"];
  readonly outcome: CaseOutcome | "fail";
  /** Why it failed. */
  readonly detail?: string;
}

/** How many came to what. */
export interface ConformanceCounts {
  readonly pass: number;
  readonly unsupported: number;
  readonly fail: number;
}

/** Tries all cases, one after the other. Never throws: what fails stands in its row. */
export async function conformanceRows(cases: readonly ConformanceCase[]): Promise<readonly ConformanceRow[]> {
  const rows: ConformanceRow[] = [];
  for (const { number, name, section, tests, run } of cases) {
    const row = { number, name, section, tests };
    try {
      rows.push({ ...row, outcome: await run() });
    } catch (error) {
      rows.push({ ...row, outcome: "fail", detail: error instanceof Error ? error.message : String(error) });
    }
  }
  return rows;
}

export const conformanceCounts = (rows: readonly Pick<ConformanceRow, "outcome">[]): ConformanceCounts => ({
  pass: rows.filter(({ outcome }) => outcome === "pass").length,
  unsupported: rows.filter(({ outcome }) => outcome === "unsupported").length,
  fail: rows.filter(({ outcome }) => outcome === "fail").length,
});

/** Counts per section, of the sections that have rows. */
export function conformanceBySection(
  rows: readonly ConformanceRow[],
): readonly ({ readonly section: Section; readonly title: string } & ConformanceCounts)[] {
  return (Object.keys(sections) as Section[])
    .map((section) => ({ section, of: rows.filter((row) => row.section === section) }))
    .filter(({ of }) => of.length > 0)
    .map(({ section, of }) => ({ section, title: sections[section], ...conformanceCounts(of) }));
}
