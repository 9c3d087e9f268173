import type { Command, Sequence } from "./commands.js";
import type { Party } from "./party.js";
import type { Begun, Side } from "./side.js";
import type { StillRuntime } from "./still-runtime.js";
import { until } from "./until.js";

/** Where two histories part. */
export interface Difference {
  /** Of the command; as many as there are commands for what was left. */
  readonly at: number;
  readonly left: readonly string[];
  readonly right: readonly string[];
}

export interface Compared {
  /** Of each command that both did alike, what was seen of it, on the left. */
  readonly history: readonly (readonly string[])[];
  readonly difference: Difference | undefined;
}

export interface Sides {
  readonly runtime: StillRuntime;
  readonly left: Side;
  readonly right: Side;
}

/** Does a sequence on both sides, in step, up to the first difference. */
export async function compare(
  sides: Sides,
  name: string,
  { setting, commands }: Sequence,
): Promise<Compared> {
  const left = await sides.left.begin(name, setting);
  const right = await sides.right.begin(name, setting);
  const history: (readonly string[])[] = [];
  let difference: Difference | undefined;
  for (const command of commands) {
    const seen = await seenOf(sides.runtime, left.party, right.party, command);
    difference = differenceOf(history.length, seen);
    if (difference !== undefined) break;
    history.push(seen[0]);
  }
  const rest = await endOf(left, right);
  difference ??= differenceOf(history.length, rest);
  if (difference === undefined) history.push(rest[0]);
  return { history, difference };
}

type Seen = readonly [left: readonly string[], right: readonly string[]];

async function seenBy(see: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await see();
  } catch (error) {
    return [`failed: ${String(error)}`];
  }
}

async function seenOf(runtime: StillRuntime, left: Party, right: Party, command: Command): Promise<Seen> {
  const rest = async (): Promise<void> => {
    await right.rest();
    // What time took away is known at once in memory, and is on its way over a socket.
    await until(
      () => right.lost.length >= left.lost.length,
      () => `the loss of ${left.lost.join()}`,
    );
  };
  const forward = async (): Promise<readonly string[]> => {
    if (command.do === "advance") await runtime.advance(command.ms, rest);
    return right.run(command);
  };
  const rightSeen = await seenBy(forward);
  const leftSeen = await seenBy(() => left.run(command));
  return [
    [...leftSeen, ...left.takeLost()],
    [...rightSeen, ...right.takeLost()],
  ];
}

async function endOf(left: Begun, right: Begun): Promise<Seen> {
  const seen = [await seenBy(() => left.party.end()), await seenBy(() => right.party.end())] as const;
  await left.end();
  await right.end();
  return seen;
}

const differenceOf = (at: number, [left, right]: Seen): Difference | undefined =>
  left.length === right.length && left.every((line, index) => line === right[index])
    ? undefined
    : { at, left, right };
