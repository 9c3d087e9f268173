import type { Command, Sequence } from "./commands.js";

/** Drops commands one by one, as long as `fails` says that what is left still fails; at most `maxTries` times. */
export async function shrink(
  sequence: Sequence,
  fails: (smaller: Sequence) => Promise<boolean>,
  maxTries = 30,
): Promise<Sequence> {
  let { commands } = sequence;
  let tries = 0;
  for (let at = commands.length - 1; at >= 0 && tries < maxTries; at -= 1) {
    const fewer: readonly Command[] = commands.toSpliced(at, 1);
    tries += 1;
    if (await fails({ ...sequence, commands: fewer })) commands = fewer;
  }
  return { ...sequence, commands };
}
