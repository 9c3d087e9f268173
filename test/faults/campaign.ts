import { closeAzurites } from "./azurites.js";
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

/** Runs rows, in their order. What no row catches of what the SDKs let fall fails the run (F57). */
export async function campaign(
  rows: readonly Row[],
  { seed, lanes, told }: CampaignOptions,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const left = rows.map((row, at) => ({ row, at }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const result = await resultOf(next.row, seed + next.at);
      results[next.at] = result;
      told?.(result);
    }
  };
  try {
    await Promise.all(Array.from({ length: lanes }, lane));
  } finally {
    await closeAzurites();
  }
  return results;
}

async function resultOf(row: Row, seed: number): Promise<Result> {
  const beganMs = performance.now();
  const outcome = await row.run(seed).catch((error: unknown): Outcome => ({
    ...{ struck: 0, accepted: 0, effects: 0, lost: [] },
    problems: [error instanceof Error ? (error.stack ?? error.message) : String(error)],
  }));
  const { f, on, injected, holds } = row;
  const pass = outcome.struck > 0 && outcome.lost.length === 0 && outcome.problems.length === 0;
  return { f, on, injected, holds, ...outcome, pass, tookMs: Math.round(performance.now() - beganMs) };
}
