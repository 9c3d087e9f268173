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

/**
 * Tries all cases. Never throws: what fails stands in its row.
 *
 * @param together how many at a time, for a broker in real time on which most of a case is waiting. Default 1. What
 * stops the broker is tried last, and alone.
 */
export async function conformanceRows(
  cases: readonly ConformanceCase[],
  together = 1,
): Promise<readonly ConformanceRow[]> {
  const rows = new Map<ConformanceCase, ConformanceRow>();
  const work = async (waiting: ConformanceCase[]): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      rows.set(next, await rowOf(next));
  };
  const shared = cases.filter(({ stopsBroker }) => !stopsBroker);
  await Promise.all(Array.from({ length: together }, () => work(shared)));
  await work(cases.filter(({ stopsBroker }) => stopsBroker));
  return cases.flatMap((each) => rows.get(each) ?? []);
}

async function rowOf({ number, name, section, tests, run }: ConformanceCase): Promise<ConformanceRow> {
  const row = { number, name, section, tests };
  try {
    return { ...row, outcome: await run() };
  } catch (error) {
    return { ...row, outcome: "fail", detail: error instanceof Error ? error.message : String(error) };
  }
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
