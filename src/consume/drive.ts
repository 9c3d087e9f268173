import type { Attempts } from "./attempt.js";
import { attempt } from "./attempt.js";
import { attemptBatch } from "./batch.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, type Consumer } from "./environment.js";
import type { LockKeeper } from "./lock-keeper.js";
import { settle, type Settled } from "./settle.js";
import { leave, type Verdict } from "./verdict.js";
import { waitInPlace } from "./wait.js";

/** How long a stream waits before it settles again what could not be settled: it has nowhere to put it back to. */
const settleAgainMs = 5000;

type Ended = (run: DeliveryRun, settled: Settled) => void;

/**
 * Takes deliveries from their first attempt to their settlement: attempts, waits in the lane, attempts again.
 *
 * Never throws. Calls `ended` once for each run.
 */
export async function drive(
  attempts: Attempts,
  keeper: LockKeeper,
  runs: readonly DeliveryRun[],
  stopping: AbortSignal,
  ended: Ended,
): Promise<void> {
  // Behind the head of a partition an event may wait for long: its time begins now.
  if (!attempts.consumer.can.release) for (const run of runs) begin(keeper, run);
  let open = runs;
  while (open.length > 0) {
    const verdicts = isBatch(attempts)
      ? await attemptBatch(attempts, open)
      : [await attempt(attempts, open[0]!)];
    const again: DeliveryRun[] = [];
    let waitMs = 0;
    for (const [index, run] of open.entries()) {
      const verdict = verdicts[index] ?? leave("it was not attempted");
      const delayMs = staysFor(attempts.consumer, run, verdict, stopping);
      if (delayMs === undefined) {
        const settling = settle(attempts.consumer, run, verdict);
        let settled = settling instanceof Promise ? await settling : settling;
        if (settled === "left")
          settled = await settleAgain(attempts.consumer, keeper, run, verdict, stopping);
        ended(run, settled);
      } else {
        again.push(run);
        run.forgetMessage();
        waitMs = Math.max(waitMs, delayMs);
        tellStay(attempts.consumer, run, verdict, delayMs);
      }
    }
    if (waitMs > 0) await holdAll(attempts, keeper, again, waitMs);
    open = again;
  }
}

const isBatch = ({ consumer }: Attempts): boolean => consumer.spec.batch !== undefined;

/** How long a run stays in this process for its next attempt; nothing if it is to be settled now. */
function staysFor(
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

function tellStay(consumer: Consumer, run: DeliveryRun, verdict: Verdict, delayMs: number): void {
  if (verdict.kind !== "failed") return;
  const fields = eventFields(consumer, run.delivery, run.spent);
  if (verdict.decision.kind === "retryNow") {
    run.immediateUsed += 1;
    consumer.emit?.({ event: "retryingNow", ...fields });
  } else {
    run.immediateUsed = 0;
    consumer.emit?.({ event: "held", delayMs, ...fields });
  }
}

/** Lets others have the slot while these wait. */
async function holdAll(
  attempts: Attempts,
  keeper: LockKeeper,
  runs: readonly DeliveryRun[],
  delayMs: number,
): Promise<void> {
  attempts.slots.give();
  await Promise.all(runs.map((run) => hold(attempts.consumer, keeper, run, delayMs)));
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
function begin(keeper: LockKeeper, run: DeliveryRun): void {
  run.restart();
  if (run.abortCause === undefined) keeper.restart(run);
}

/** What was left because its receiver did not take the settlement is settled again, where nobody else could. */
async function settleAgain(
  consumer: Consumer,
  keeper: LockKeeper,
  run: DeliveryRun,
  verdict: Verdict,
  stopping: AbortSignal,
): Promise<Settled> {
  let settled: Settled = "left";
  for (;;) {
    const lost = run.gone || run.abortCause === "lockLost" || stopping.aborted || isLeave(verdict);
    if (settled !== "left" || lost || consumer.can.release) return settled;
    run.ended = false;
    await hold(consumer, keeper, run, settleAgainMs);
    settled = await settle(consumer, run, verdict);
  }
}

const isLeave = (verdict: Verdict): boolean => verdict.kind === "failed" && verdict.decision.kind === "leave";
