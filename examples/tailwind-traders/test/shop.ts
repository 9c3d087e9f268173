import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { runJob } from "../job/job.js";
import type { Figures } from "../report/figures.js";

export const header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/** Writes a file that goes away with the test, and answers its path. */
export async function fileOf(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tailwind-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, "invoices.csv");
  await writeFile(path, content);
  return path;
}

/** What a run of the job left: its exit code and its two outputs. */
export interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs the job in this process. */
export async function jobOf(...args: readonly string[]): Promise<Ended> {
  const written = { out: "", err: "" };
  const code = await runJob(
    args,
    { write: (text) => (written.out += text) },
    { write: (text) => (written.err += text) },
  );
  return { code, ...written };
}

/** Reads what `--json` printed: exactly one line. */
export function figuresIn({ out }: Ended): Figures {
  const [line = "", ...rest] = out.split("\n");
  if (rest.join("") !== "") throw new Error(`more than one line on standard output: ${out}`);
  return JSON.parse(line) as Figures;
}
