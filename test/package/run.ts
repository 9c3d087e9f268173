import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../../scripts/entries.js";
import { checkBudgets } from "./budgets.js";
import { createChecks } from "./checks.js";
import { checkDeclarations } from "./declarations.js";
import { checkSample } from "./sample.js";
import { checkShape } from "./shape.js";
import { attempt, run } from "./shell.js";
import { checkSmoke } from "./smoke.js";
import { checkTools } from "./tools.js";

/**
 * Builds, packs and tries the package as its users get it. The last line is `N passed, N failed`.
 *
 * Every check runs whatever failed before it: one that misses the tarball fails, and is counted.
 */
const checks = createChecks();
const workspace = mkdtempSync(join(tmpdir(), "waybill-package-"));
const tarball = join(workspace, "waybill.tgz");

await checks.check("npm run build", () => {
  run("npm", ["run", "build"], root);
});
await checks.check("npm pack", () => {
  const [packed] = JSON.parse(
    run("npm", ["pack", "--loglevel=error", "--json", "--pack-destination", workspace], root),
  ) as [{ readonly filename: string; readonly size: number }];
  run("mv", [join(workspace, packed.filename), tarball], workspace);
  run("tar", ["-xzf", tarball], workspace);
  return `${packed.size} bytes`;
});
await checks.check("the lock file names no registry", () => {
  if (readFileSync(join(root, "package-lock.json"), "utf8").includes('"resolved": "http'))
    throw new Error("set omit-lockfile-registry-resolved=true and make it again");
});
await checks.check("npx waybill in the checkout knows its commands", () => {
  const { stdout } = attempt("npx", ["--no-install", "waybill", "--help"], root);
  if (!stdout.includes("emulator")) throw new Error(stdout);
});

await checkSample(checks);
await checkShape(checks, tarball, join(workspace, "package"));
await checkSmoke(checks, tarball, workspace);
await checkDeclarations(checks, tarball, workspace);
await checkBudgets(checks, tarball, workspace);
await checkTools(checks, tarball, workspace);

rmSync(workspace, { recursive: true, force: true });
console.log(`${checks.passed()} passed, ${checks.failed()} failed`);
process.exitCode = checks.failed() === 0 ? 0 : 1;
