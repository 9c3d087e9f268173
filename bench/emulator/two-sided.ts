import type { ServerProcess } from "./server-process.js";

/** A way of moving messages between this process and a server's. */
export interface TwoSided<Name extends string> {
  readonly name: Name;
  readonly server: ServerProcess;
  /** Before each round, not measured. */
  readonly prepare?: () => Promise<unknown>;
  readonly run: () => Promise<unknown>;
}

/** Microseconds per message: CPU time of this process and of the server's, and the wall's. */
export interface Cost {
  readonly client: number;
  readonly server: number;
  readonly wall: number;
}

/** As `interleave` of measure.ts, for what happens in two processes. `messages` are those of a round. */
export async function interleaveTwoSided<Name extends string>(
  contenders: readonly TwoSided<Name>[],
  messages: number,
  { rounds, warmUps }: { readonly rounds: number; readonly warmUps: number },
): Promise<Readonly<Record<Name, readonly Cost[]>>> {
  const costs = Object.fromEntries(contenders.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    Cost[]
  >;
  for (let round = -warmUps; round < rounds; round += 1) {
    for (let turn = 0; turn < contenders.length; turn += 1) {
      const contender = contenders[(round + warmUps + turn) % contenders.length]!;
      const cost = await measure(contender, messages);
      if (round >= 0) costs[contender.name].push(cost);
    }
  }
  return costs;
}

async function measure({ server, prepare, run }: TwoSided<string>, messages: number): Promise<Cost> {
  await prepare?.();
  const serverBefore = await server.ask("cpu");
  const clientBefore = process.cpuUsage();
  const startMs = performance.now();
  await run();
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(clientBefore);
  const serverCost = (await server.ask("cpu")) - serverBefore;
  return {
    client: (user + system) / messages,
    server: serverCost / messages,
    wall: (wallMs * 1_000) / messages,
  };
}

/** A part of every cost, or of both processes together. */
export const parts = (costs: readonly Cost[], part: keyof Cost | "both"): readonly number[] =>
  costs.map((cost) => (part === "both" ? cost.client + cost.server : cost[part]));
