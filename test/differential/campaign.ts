import type { Sequence } from "./commands.js";
import { compare, type Compared, type Difference, type Sides } from "./difference.js";
import { drawSequence } from "./draw-sequence.js";
import { leastShare, themes, themesOf, type Theme } from "./shares.js";
import { shrink } from "./shrink.js";

/** What a campaign came to. */
export interface Outcome {
  readonly sequences: number;
  /** How many sequences met each theme. */
  readonly met: ReadonlyMap<Theme, number>;
  /** Themes that too few sequences met. */
  readonly missed: readonly Theme[];
  /** The first sequence whose histories differ, with as few commands as still show it. */
  readonly failure: Failure | undefined;
}

export interface Failure {
  readonly sequence: Sequence;
  readonly difference: Difference;
  readonly history: Compared["history"];
}

/** Compares so many sequences, those of the seeds from `first`, up to the first difference. */
export async function campaign(sides: Sides, first: number, count: number): Promise<Outcome> {
  const met = new Map<Theme, number>(themes.map((theme) => [theme, 0]));
  let sequences = 0;
  let failure: Failure | undefined;
  while (sequences < count && failure === undefined) {
    const sequence = drawSequence(String(first + sequences));
    sequences += 1;
    const compared = await compare(sides, nameOf(sequence), sequence);
    for (const theme of themesOf(sequence, compared)) met.set(theme, (met.get(theme) ?? 0) + 1);
    if (compared.difference !== undefined) failure = await smallest(sides, sequence, compared);
  }
  const missed = themes.filter((theme) => (met.get(theme) ?? 0) < leastShare * sequences);
  return { sequences, met, missed, failure };
}

/** How a failure is told: its commands, and what each side said of the last of them. */
export function failureText({ sequence, history, difference: { at, left, right } }: Failure): string {
  const told = sequence.commands
    .slice(0, at + 1)
    .map((command, index) =>
      [JSON.stringify(command), ...(history[index] ?? []).map((line) => `    ${line}`)].join("\n"),
    );
  return [
    `seed ${sequence.seed}, ${JSON.stringify(sequence.setting)}`,
    ...told,
    at < sequence.commands.length ? "then differ:" : "what is left differs:",
    ...left.map((line) => `  memory      ${line}`),
    ...right.map((line) => `  service bus ${line}`),
  ].join("\n");
}

async function smallest(sides: Sides, sequence: Sequence, compared: Compared): Promise<Failure> {
  let last: Failure | undefined;
  let tries = 0;
  const differs = async (smaller: Sequence): Promise<boolean> => {
    tries += 1;
    const { history, difference } = await compare(sides, `${nameOf(sequence)}-${tries}`, smaller);
    if (difference !== undefined) last = { sequence: smaller, history, difference };
    return difference !== undefined;
  };
  await shrink(sequence, differs);
  const { history, difference } = compared;
  if (last !== undefined) return last;
  if (difference === undefined) throw new Error("there is nothing to shrink");
  return { sequence, history, difference };
}

const nameOf = ({ seed }: Sequence): string => `q${seed}`;
