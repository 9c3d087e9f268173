import type { DeadLetterEntry } from "../../../src/dead-letters.js";
import { plain } from "../contracts.js";
import type { AmqpPlace } from "../places.js";
import type { Row } from "../row.js";
import type { Stage } from "../stage.js";
import { onQueue, type Act, type AmqpScript } from "../staged.js";
import { until } from "../until.js";
import { addressOf } from "./frames.js";

/** Redrives that are cut off when the copy is sent and the dead letter not yet removed; then two at a time. */
function redriven(): Pick<AmqpScript, "gaveUp"> & { readonly act: Act<AmqpPlace> } {
  let isBroken = true;
  const act = async (stage: Stage, place: AmqpPlace): Promise<number> => {
    const { emulator } = place;
    const letters = stage.worker.deadLetters(plain);
    await until("dead letters", () => stage.count("deadLettered") >= 3);
    isBroken = false;
    const first = await letters.peek();
    const doomed = first.map(({ id }) => id);
    const removal = emulator.faults.frames(
      { kind: "disposition", direction: "in", address: `${addressOf(place)}/$DeadLetterQueue` },
      "drop",
    );
    const redriving = Promise.allSettled(first.map((entry) => letters.redrive(entry)));
    await until("removals to be lost", () => removal.hits > 0 && doomed.some((id) => stage.ledger.done(id)));
    const struck = removal.hits;
    emulator.faults.cut();
    removal.remove();
    await redriving;
    // What was taken is locked for a while.
    emulator.advance("25s");
    const left = await twice(letters.peek, letters.redrive);
    if (left.length === 0)
      stage.problems.push("F64: no dead letter was left by the redrives that were cut off");
    await until("the redriven ones to be done", () => doomed.every((id) => stage.ledger.done(id)));
    // Two that were looking at once may each have found the other's gone: then it is done once more.
    await until("no dead letter to be left", async () => {
      const still = await letters.peek();
      for (const entry of still) await letters.redrive(entry).catch(() => undefined);
      return still.length === 0;
    });
    return struck;
  };
  return { gaveUp: ({ n }) => isBroken && n === 2, act };
}

/** Redrives each dead letter that there is, two at a time: one of the two may find it gone. Answers what there was. */
async function twice(
  peek: () => Promise<readonly DeadLetterEntry[]>,
  redrive: (entry: DeadLetterEntry) => Promise<unknown>,
): Promise<readonly DeadLetterEntry[]> {
  const left = await peek();
  await Promise.allSettled(left.flatMap((entry) => [redrive(entry), redrive(entry)]));
  return left;
}

/** Dead letters that are sent back while the wire breaks. On an ordered channel they come after what has been done since. */
export const redrives: readonly Row[] = [
  onQueue({
    f: 64,
    injected: "emulator: redrives are cut off between the copy and the removal; then two at a time",
    holds: ["I1", "I2"],
    ...redriven(),
  }),
];
