import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";

/** Types, lint and format, side by side: one line each, and the whole output of those that fail. */
const checks = [
  { name: "types", command: ["npm", "run", "--silent", "types"] },
  { name: "lint", command: ["eslint", ".", "--max-warnings", "0"] },
  { name: "format", command: ["prettier", "--check", ".", "--log-level", "warn"] },
] as const;

interface Outcome {
  readonly name: string;
  readonly ok: boolean;
  readonly output: string;
}

const waiting = [...checks];
const outcomes: Outcome[] = [];
await Promise.all(Array.from({ length: Math.min(availableParallelism(), checks.length) }, work));
if (outcomes.some(({ ok }) => !ok)) process.exitCode = 1;

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const outcome = await run(next.name, next.command);
    outcomes.push(outcome);
    console.log(`${outcome.ok ? "✓" : "✗"} ${outcome.name}`);
    if (!outcome.ok) console.log(outcome.output);
  }
}

function run(name: string, [bin, ...args]: readonly [string, ...string[]]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(bin, args, {
      stdio: ["ignore", "pipe", "pipe"],
      shell: process.platform === "win32",
    });
    let output = "";
    const keep = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ name, ok: false, output: `${bin}: ${error.message}` }));
    child.on("close", (code) => resolve({ name, ok: code === 0, output }));
  });
}
