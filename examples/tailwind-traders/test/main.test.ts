import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Runs the program as `npm start` does. */
function start(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const program = ["--import", "tsx", "examples/tailwind-traders/main.ts", ...args];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, program, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, err }));
  });
}

describe("the program", () => {
  it("ends by itself with 0, and one line of JSON", async () => {
    const { code, out } = await start("--json");
    expect(code).toBe(0);
    expect(out).toMatch(/^\{"orders":63,.*\}\n$/);
  });

  it("ends with 1 and one message, never a stack trace, without its file", async () => {
    const { code, out, err } = await start("--file", "none.csv");
    expect(code).toBe(1);
    expect(out).toBe("");
    expect(err).toBe("✗ cannot read none.csv: there is no such file\n");
  });
});
