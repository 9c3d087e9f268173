import { readFileSync } from "node:fs";

/**
 * Prints `passed failed` from a JSON report of vitest. A test that was skipped counts as failed, and so does a file that failed
 * without a failing test: neither has shown anything.
 */
const [path = ""] = process.argv.slice(2);
/** @type {{ testResults: { name: string, status: string, message?: string, assertionResults: { status: string, fullName: string }[] }[] }} */
const report = JSON.parse(readFileSync(path, "utf8"));

let passed = 0;
let failed = 0;
for (const file of report.testResults) {
  const good = file.assertionResults.filter(({ status }) => status === "passed").length;
  const bad = file.assertionResults.length - good;
  for (const { status, fullName } of file.assertionResults)
    if (status !== "passed" && status !== "failed") console.error(`${status}: ${file.name}: ${fullName}`);
  passed += good;
  failed += bad === 0 && file.status !== "passed" ? 1 : bad;
}
console.log(`${passed} ${failed}`);
