import {
  conformanceBySection,
  conformanceCounts,
  conformanceRows,
  notYetBehaviours,
  storeConformance,
  transportConformance,
  type ConformanceAdapter,
  type ConformanceRow,
} from "../src/testing/index.js";
import { realRuntime } from "../src/transport/index.js";
import { eventGridAdapter } from "../test/conformance/event-grid-adapter.js";
import { eventHubsAdapter } from "../test/conformance/event-hubs-adapter.js";
import { memoryAdapter } from "../test/conformance/memory-adapter.js";
import { memoryStores } from "../test/conformance/memory-stores.js";
import { serviceBusAdapter } from "../test/conformance/service-bus-adapter.js";
import { storageQueueAdapter } from "../test/conformance/storage-queue-adapter.js";

/**
 * Tries what every adapter and every store must show, and prints the matrix behaviour × adapter; with `--json` one JSON
 * object and nothing else. Exits with 1 if anything fails.
 */
const json = process.argv.includes("--json");

/** That of the longest mark. */
const columnWidth = markOf({ outcome: "unsupported" }).length;

/** The columns. */
const transports: readonly ConformanceAdapter[] = [
  memoryAdapter,
  serviceBusAdapter,
  eventHubsAdapter,
  eventGridAdapter,
  storageQueueAdapter,
];

/** While a broker is away on purpose, nothing else may keep the process alive. */
const alive = realRuntime().hold();
const adapters: Tried[] = [];
for (const adapter of transports) {
  adapters.push(await tried(adapter.name, transportConformance(adapter), adapter.together));
  await adapter.close?.();
}
const stores = [await tried(memoryStores.name, storeConformance(memoryStores))];
alive.cancel();
const failed = [...adapters, ...stores].some(({ rows }) => conformanceCounts(rows).fail > 0);

if (json) console.log(JSON.stringify(report(), undefined, 2));
else printMatrix();
// Processes that a behaviour crashed on purpose hold this one for ever, as a running consumer does.
process.exit(failed ? 1 : 0);

interface Tried {
  readonly name: string;
  readonly rows: readonly ConformanceRow[];
  readonly tookMs: number;
}

async function tried(
  name: string,
  cases: Parameters<typeof conformanceRows>[0],
  together?: number,
): Promise<Tried> {
  const startedMs = performance.now();
  const rows = await conformanceRows(cases, together);
  return { name, rows, tookMs: Math.round(performance.now() - startedMs) };
}

function report(): object {
  const countsOf = (all: readonly Tried[]): object =>
    Object.fromEntries(all.map(({ name, rows }) => [name, conformanceCounts(rows)]));
  return {
    adapters: countsOf(adapters),
    rows: [...matrixRows(adapters), ...matrixRows(stores)],
    stores: countsOf(stores),
    sections: Object.fromEntries(
      [...adapters, ...stores].flatMap(({ name, rows }) =>
        conformanceBySection(rows).map(({ section, ...counts }) => [`${section} ${name}`, counts]),
      ),
    ),
    notYet: notYetBehaviours,
  };
}

/** One row per behaviour, with what it came to on each adapter. */
function matrixRows(all: readonly Tried[]): readonly object[] {
  const [first] = all;
  return (first?.rows ?? []).map(({ number, name, section, tests }, at) => {
    const of = all.map(({ name: adapter, rows }) => [adapter, rows[at]] as const);
    const details = of.flatMap(([adapter, row]) =>
      row?.detail === undefined ? [] : [[adapter, row.detail]],
    );
    return {
      number,
      name,
      section,
      tests,
      outcomes: Object.fromEntries(of.map(([adapter, row]) => [adapter, row?.outcome])),
      ...(details.length > 0 ? { details: Object.fromEntries(details) as object } : {}),
    };
  });
}

function printMatrix(): void {
  printPart("Adapters", adapters);
  console.log(
    `\nNot yet: ${notYetBehaviours.map(({ number, name }) => `${String(number)} ${name}`).join(", ")}\n`,
  );
  printPart("Stores", stores);
}

function markOf(row: Pick<ConformanceRow, "outcome"> | undefined): string {
  if (row?.outcome === "unsupported") return "declared unsupported (twin passed)";
  return row?.outcome === "pass" ? "pass" : "FAIL";
}

function printPart(title: string, all: readonly Tried[]): void {
  const [first] = all;
  if (first === undefined) return;
  console.log(`${title}: ${all.map(({ name }) => name).join(", ")}`);
  for (const { section, title: subject } of conformanceBySection(first.rows)) {
    console.log(`\n${section}. ${subject}`);
    for (const [at, { number, name, section: own }] of first.rows.entries()) {
      if (own !== section) continue;
      const outcomes = all.map(({ rows }) => markOf(rows[at]).padEnd(columnWidth));
      console.log(`  ${String(number).padStart(3)} ${name.padEnd(72)} ${outcomes.join("  ").trimEnd()}`);
      for (const { name: adapter, rows } of all) {
        const detail = rows[at]?.detail;
        if (detail !== undefined) console.log(`      ${adapter}: ${detail}`);
      }
    }
  }
  for (const { name, rows, tookMs } of all) {
    console.log(`\n${name} (${String(tookMs)} ms)`);
    for (const { section, pass, unsupported, fail } of [...conformanceBySection(rows), total(rows)])
      console.log(`  ${section.padEnd(5)} ${pass} pass, ${unsupported} unsupported, ${fail} fail`);
  }
}

function total(rows: readonly ConformanceRow[]) {
  return { section: "all", ...conformanceCounts(rows) };
}
