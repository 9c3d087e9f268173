import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const bin = join(import.meta.dirname, "../../../tools/bin/waybill.js");

/** What a command said and ended with. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface Running {
  readonly process: ChildProcessWithoutNullStreams;
  /** The first line on standard output. */
  readonly firstLine: Promise<string>;
  readonly ended: Promise<Ended>;
}

/** Runs `waybill` as its own process, as a shell would. */
export function waybill(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [bin, ...args], { stdio: "pipe" });
  let stdout = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const firstLine = new Promise<string>((resolve, reject) => {
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
      const end = stdout.indexOf("\n");
      if (end >= 0) resolve(stdout.slice(0, end));
    });
    child.once("close", () => reject(new Error(`it ended without a line: ${stderr}`)));
  });
  // Who runs a command that fails looks at how it ended.
  firstLine.catch(() => undefined);
  const ended = once(child, "close").then(() => ({ stdout, stderr, exitCode: child.exitCode }));
  return { process: child, firstLine, ended };
}
