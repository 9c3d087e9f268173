/** One way of moving messages, measured beside others. */
export interface Contender<Name extends string = string> {
  readonly name: Name;
  /** Moves that many messages. */
  readonly run: (messages: number) => Promise<unknown> | undefined;
  /** Messages of one round. */
  readonly messages: number;
}

/** A figure with its spread over the rounds of one run. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** CPU microseconds per message, one figure per round. */
export type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/**
 * Measures contenders in interleaved rounds: each round runs all of them, beginning with another one, so that what
 * disturbs the machine disturbs all alike. The first rounds warm the engine up and are not counted.
 *
 * No garbage collection is forced in between: the engine would take it for a reason to throw compiled code away.
 */
export async function interleave<Name extends string>(
  contenders: readonly Contender<Name>[],
  rounds: number,
  warmUps = 4,
): Promise<Samples<Name>> {
  const samples = Object.fromEntries(contenders.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    number[]
  >;
  for (let round = -warmUps; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(round + warmUps + turn) % contenders.length]!;
      const cost = (await cpuTime(() => contender.run(contender.messages))) / contender.messages;
      if (round >= 0) samples[contender.name].push(cost);
    }
  }
  return samples;
}

/** CPU time of this process, all its threads, in microseconds. */
export async function cpuTime(run: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** The quotient of two contenders, round by round: what slows a whole round cancels out. */
export const ratios = (of: readonly number[], to: readonly number[]): readonly number[] =>
  of.map((cost, round) => cost / to[round]!);

export function spread(samples: readonly number[]): Spread {
  const sorted = [...samples].sort((left, right) => left - right);
  const at = (part: number): number => sorted[Math.round((sorted.length - 1) * part)]!;
  return { median: at(0.5), low: at(0.1), high: at(0.9) };
}

export function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error("start node with --expose-gc");
  globalThis.gc();
}

/** Runs `concurrency` workers at a time until each of them has ended. */
export const workers = (concurrency: number, work: () => Promise<void>): Promise<unknown> =>
  Promise.all(Array.from({ length: concurrency }, work));
