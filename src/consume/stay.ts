import type { Attempts } from "./attempt.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, storeFailureOf, type Consumer } from "./environment.js";
import type { LockKeeper } from "./lock-keeper.js";
import { settle, type Settled } from "./settle.js";
import type { Verdict } from "./verdict.js";
import { waitInPlace } from "./wait.js";

/** How long a stream waits before it settles again what could not be settled: it has nowhere to put it back to. */
const settleAgainMs = 5000;

/** How long a run stays in this process for its next attempt; nothing if it is to be settled now. */
export function staysFor(
  consumer: Consumer,
  run: DeliveryRun,
  verdict: Verdict,
  stopping: AbortSignal,
): number | undefined {
  if (verdict.kind !== "failed" || run.abortCause === "lockLost" || stopping.aborted) return undefined;
  // Its lock is renewed no longer. Only a stream, which has nowhere to put it back to, goes on with it here.
  if (run.abortCause === "overdue" && consumer.can.release) return undefined;
  // Nobody else gets an event of this partition: it is looked at again until it is known to be done.
  if (isLeave(verdict) && run.abortCause !== "stopping" && !consumer.can.release) return settleAgainMs;
  if (verdict.decision.kind === "retryNow") return 0;
  return verdict.decision.kind === "holdLane" ? verdict.decision.delayMs : undefined;
}

/** Readies a run that stays for its next attempt, and tells of it. */
export function stay(consumer: Consumer, run: DeliveryRun, verdict: Verdict, delayMs: number): void {
  run.forgetMessage();
  if (verdict.kind !== "failed") return;
  const fields = eventFields(consumer, run.delivery, run.spent);
  if (verdict.decision.kind === "retryNow") {
    run.immediateUsed += 1;
    consumer.emit?.({ event: "retryingNow", ...storeFailureOf(run), ...fields });
  } else {
    run.immediateUsed = 0;
    consumer.emit?.({ event: "held", delayMs, ...storeFailureOf(run), ...fields });
  }
}

/** Lets others have the slot while these wait. */
export async function holdAll(
  attempts: Attempts,
  runs: readonly DeliveryRun[],
  delayMs: number,
): Promise<void> {
  attempts.slots.give();
  await Promise.all(runs.map((run) => hold(attempts.consumer, attempts.keeper, run, delayMs)));
  await attempts.slots.retake(runs.map((run) => run.work));
}

/** Waits in the lane, the lock renewed. Ends early when the lock is lost or the service stops. */
async function hold(
  consumer: Consumer,
  keeper: LockKeeper,
  run: DeliveryRun,
  delayMs: number,
): Promise<void> {
  run.heldSinceMs ??= consumer.runtime.now();
  run.restart();
  await waitInPlace(consumer.runtime, run, delayMs);
  begin(keeper, run);
}

/** Gives a run its whole time, and a signal of its own. */
export function begin(keeper: LockKeeper, run: DeliveryRun): void {
  run.restart();
  if (run.abortCause === undefined) keeper.restart(run);
}

/** What was left because its receiver did not take the settlement is settled again, where nobody else could. */
export async function settleAgain(
  { consumer, keeper }: Attempts,
  run: DeliveryRun,
  verdict: Verdict,
  stopping: AbortSignal,
): Promise<Settled> {
  let settled: Settled = "left";
  for (;;) {
    const lost = run.gone || run.abortCause === "lockLost" || stopping.aborted || isLeave(verdict);
    if (settled !== "left" || lost || consumer.can.release) return settled;
    run.ended = false;
    run.unsettledSinceMs ??= consumer.runtime.now();
    await hold(consumer, keeper, run, settleAgainMs);
    settled = await settle(consumer, run, verdict);
  }
}

const isLeave = (verdict: Verdict): boolean => verdict.kind === "failed" && verdict.decision.kind === "leave";
