import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { measured } from "./measured.js";
import { writeFigures } from "./performance-page.js";
import { json, table, type Report } from "./report.js";
import type { Effort } from "./scenario.js";
import { chosen } from "./scenarios.js";

/**
 * `npm run bench`: measures the targets of docs/performance.md on this machine and prints them as a table.
 *
 * `--quick` for a minute or two, `--only name,name` for some scenarios, `--json` for one JSON object instead of the table,
 * `--markdown` to write the table into docs/performance.md as well. What is under way is told on standard error.
 */
const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    only: { type: "string" },
  },
});
const { quick } = values;
const effort: Effort = quick ? { quick, rounds: 5, scale: 0.5 } : { quick, rounds: 11, scale: 1 };
const rows = await measured(chosen(values.only), effort, (name, seconds) => {
  process.stderr.write(`measured ${name} in ${seconds.toFixed(1)} s\n`);
});
const machine = `${cpus()[0]?.model ?? "unknown processor"}, ${String(cpus().length)} cores, Node ${process.version}`;
const report: Report = { machine, quick, rows };
console.log(values.json ? json(report) : table(report));
if (values.markdown) await writeFigures(report);
