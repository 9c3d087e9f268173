import { admit, concludeClaim, sendsWith, type Attempts } from "./attempt.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import { fail, HandlerFailure } from "./fail.js";
import { HandlerBatchContext, SendBuffer } from "./handler-context.js";
import { HandlerCall } from "./handler-call.js";
import type { Received } from "./received.js";
import { dispatch, elapsed, messageOf, verdictOf } from "./run-handler.js";
import { leave, type Verdict } from "./verdict.js";

/**
 * Makes one attempt at a batch of deliveries of one type. Each is decoded and claimed alone, so one that cannot be
 * read or was handled before leaves the batch; one handler call takes the rest.
 *
 * Never throws: one verdict per run, in order.
 */
export async function attemptBatch(
  attempts: Attempts,
  runs: readonly DeliveryRun[],
): Promise<readonly Verdict[]> {
  const verdicts = new Map<DeliveryRun, Verdict>();
  for (const run of runs) {
    if (run.abortCause !== undefined) {
      verdicts.set(run, await fail(attempts.consumer, run, run.abortError));
      continue;
    }
    const early = await admitted(attempts, run);
    if (early !== undefined) verdicts.set(run, early);
  }
  const rest = runs.filter((run) => !verdicts.has(run));
  if (rest.length > 0) await handleBatch(attempts, rest, verdicts);
  return runs.map((run) => verdicts.get(run) ?? leave("it was not attempted"));
}

async function admitted(attempts: Attempts, run: DeliveryRun): Promise<Verdict | undefined> {
  try {
    return await admit(attempts, run);
  } catch (error) {
    return fail(attempts.consumer, run, error);
  }
}

async function handleBatch(
  attempts: Attempts,
  runs: readonly DeliveryRun[],
  verdicts: Map<DeliveryRun, Verdict>,
): Promise<void> {
  const { consumer } = attempts;
  const sends = new SendBuffer(consumer);
  const messages = runs.map(messageOf);
  const context = new HandlerBatchContext(consumer, new Map(runs.map((run) => [messageOf(run), run])), sends);
  const entry = runs[0]?.entry;
  const startedMs = elapsed(consumer);
  try {
    if (typeof entry !== "function") throw new TypeError("the batch has no handler");
    const answer = await answerOf(consumer, runs, messages, () => entry(messages, context)).finally(() => {
      context.end();
    });
    await sends.close();
    const durationMs = elapsed(consumer) - startedMs;
    for (const [index, run] of runs.entries()) {
      verdicts.set(run, await conclude(attempts, run, answerFor(answer, index), sends, durationMs));
    }
  } catch (error) {
    sends.refuse();
    for (const run of runs) {
      if (!verdicts.has(run)) verdicts.set(run, await fail(consumer, run, new HandlerFailure(error)));
    }
  }
}

const answerOf = (
  consumer: Consumer,
  runs: readonly DeliveryRun[],
  messages: readonly Received[],
  handler: () => unknown,
): Promise<unknown> =>
  new Promise((answered, threw) => {
    new HandlerCall(consumer, runs, { answered, threw }).start(messages, handler);
  });

/** A batch handler answers for all at once, or for each. */
function answerFor(answer: unknown, index: number): unknown {
  return Array.isArray(answer) ? (answer as readonly unknown[])[index] : answer;
}

async function conclude(
  attempts: Attempts,
  run: DeliveryRun,
  answer: unknown,
  sends: SendBuffer,
  durationMs: number,
): Promise<Verdict> {
  const { consumer, memo } = attempts;
  try {
    const verdict = verdictOf(consumer, run, answer, durationMs);
    if (sendsWith(verdict)) await dispatch(consumer, sends.prepared(run));
    return await concludeClaim(consumer, memo, run, verdict);
  } catch (error) {
    return fail(consumer, run, new HandlerFailure(error));
  }
}
