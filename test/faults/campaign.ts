import { realRuntime } from "waybill/store";
import { closeAzurites } from "./azurites.js";
import { removeProgram } from "./program.js";
import type { Outcome, Row } from "./row.js";

/** A row, and what came of it. */
export interface Result extends Outcome {
  readonly f: number;
  readonly on: Row["on"];
  readonly injected: string;
  readonly holds: readonly string[];
  readonly pass: boolean;
  readonly tookMs: number;
}

export interface CampaignOptions {
  readonly seed: number;
  /** Rows at a time. */
  readonly lanes: number;
  readonly told?: (result: Result) => void;
}

/** What came of a run. */
export interface Campaign {
  readonly results: readonly Result[];
  /** What the SDKs threw where nobody can catch it (F57): it ends a process that does not look. */
  readonly uncaught: readonly string[];
}

/** Runs rows, in their order. */
export async function campaign(
  rows: readonly Row[],
  { seed, lanes, told }: CampaignOptions,
): Promise<Campaign> {
  const results: Result[] = [];
  const uncaught: string[] = [];
  const note = (error: unknown): void =>
    void uncaught.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  const all = rows.map((row, at) => ({ row, at }));
  const runAll = async (left: typeof all): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const result = await resultOf(next.row, seed + next.at);
      results[next.at] = result;
      told?.(result);
    }
  };
  try {
    const together = all.filter(({ row }) => row.alone !== true);
    await Promise.all(Array.from({ length: lanes }, () => runAll(together)));
    await runAll(all.filter(({ row }) => row.alone === true));
  } finally {
    await closeAzurites();
    await removeProgram();
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
  }
  return { results, uncaught };
}

const { elapsed } = realRuntime();

async function resultOf(row: Row, seed: number): Promise<Result> {
  const beganMs = elapsed();
  const outcome = await row.run(seed).catch((error: unknown): Outcome => ({
    ...{ struck: 0, accepted: 0, effects: 0, lost: [] },
    problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }));
  const { f, on, injected, holds } = row;
  const pass = outcome.struck > 0 && outcome.lost.length === 0 && outcome.problems.length === 0;
  return { f, on, injected, holds, ...outcome, pass, tookMs: Math.round(elapsed() - beganMs) };
}
