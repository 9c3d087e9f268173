import { channelId } from "../contracts/channel.js";
import { WaybillError } from "../errors.js";
import type { DeadLetterReason, DeadLetterRecord } from "../message/envelope.js";
import { attemptsBefore, historyWhenPutBack, retryCopy } from "../policy/attempts.js";
import type { Classified } from "../policy/classify.js";
import type { MaybePromise, SettleAction } from "../transport/transport.js";
import { answered, isUnanswered } from "./answered.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, storeFailureOf, type Consumer } from "./environment.js";
import type { PutBackLog } from "./put-back-log.js";
import type { Verdict } from "./verdict.js";

/** `done`: nothing is left of the delivery. `back`: it is in the broker again. `left`: nobody settled it. */
export type Settled = "done" | "back" | "left";

/**
 * Settles a delivery as the verdict says: the one place that does. Never throws; what fails is reported, and the
 * broker delivers again. A success of a receiver that answers at once is settled at once.
 *
 * @param verdict one that ends the delivery: neither `retryNow` nor `holdLane`.
 */
export function settle(consumer: Consumer, run: DeliveryRun, verdict: Verdict): MaybePromise<Settled> {
  if (verdict.kind === "failed") return settleFailure(consumer, run, verdict);
  const taken = apply(consumer, run, verdict.kind === "defer" ? defer : complete);
  if (taken instanceof Promise) return taken.then((took) => succeeded(consumer, run, verdict, took));
  return succeeded(consumer, run, verdict, taken);
}

const complete: SettleAction = { kind: "complete" };
const defer: SettleAction = { kind: "defer" };

function succeeded(
  consumer: Consumer,
  run: DeliveryRun,
  verdict: Exclude<Verdict, { kind: "failed" }>,
  taken: boolean,
): Settled {
  if (!taken) return "left";
  if (consumer.emit === undefined) return "done";
  const attempt =
    verdict.kind === "complete" && verdict.how === "handled" ? run.spent + 1 : Math.max(1, run.spent);
  const fields = eventFields(consumer, run.delivery, attempt);
  if (verdict.kind === "defer") consumer.emit({ event: "deferred", ...fields });
  else if (verdict.how === "handled")
    consumer.emit({ event: "handled", durationMs: verdict.durationMs, ...fields });
  else consumer.emit({ event: verdict.how, ...fields });
  return "done";
}

async function settleFailure(
  consumer: Consumer,
  run: DeliveryRun,
  verdict: Extract<Verdict, { kind: "failed" }>,
): Promise<Settled> {
  const { decision, failure } = verdict;
  const fields = (): ReturnType<typeof eventFields> =>
    eventFields(consumer, run.delivery, Math.max(1, run.spent));
  switch (decision.kind) {
    case "retryAfter":
      return retryLater(consumer, run, decision.delayMs, decision.counted);
    case "deadLetter":
      return deadLetter(consumer, run, decision.reason, failure);
    case "discard":
      if (!(await apply(consumer, run, { kind: "complete" }))) return "left";
      consumer.emit?.({ event: "ignored", ...fields() });
      return "done";
    case "release":
    case "retryNow":
    case "holdLane":
      return putBack(consumer, run);
    case "leave":
      run.whyLeft = failure.message;
      return "left";
  }
}

/** Makes the message receivable later: natively, or by a copy that is accepted before the original is completed. */
async function retryLater(
  consumer: Consumer,
  run: DeliveryRun,
  delayMs: number,
  counted: boolean,
): Promise<Settled> {
  const { delivery } = run;
  const spent = { attempts: run.spent, firstFailedAt: run.firstFailedAt };
  if (consumer.features.delayedRelease) {
    const history = historyWhenPutBack(delivery, spent, !consumer.features.uncountedRelease);
    if (!(await apply(consumer, run, { kind: "release", history, delayMs }))) return "left";
    tellRetry(consumer, run, delayMs, counted);
    return "back";
  }
  // A clock that is behind the broker's would make the copy due at once.
  const nowMs = Math.max(consumer.runtime.now(), delivery.broker.enqueuedAtMs ?? 0);
  const addressedTo = consumer.source.kind === "subscription" ? consumer.source.subscription : undefined;
  const channelTtlMs = consumer.spec.channel.settings.ttlMs;
  const plan = { spent, nowMs, delayMs, addressedTo, channelTtlMs };
  const copy = retryCopy(delivery.envelope, delivery.broker, plan);
  if (copy === undefined) {
    return deadLetter(consumer, run, "Expired", expired(delayMs));
  }
  const outgoing = { envelope: copy, dueMs: nowMs + delayMs };
  const [result] = await consumer.outbound.dispatch([
    { channel: channelId(consumer.spec.channel), outgoing },
  ]);
  if (result?.ok !== true) {
    tellSettleFailed(
      consumer,
      run,
      result?.error ?? new WaybillError("ambiguousSend", "no answer for a retry copy"),
    );
    return putBack(consumer, run);
  }
  if (!(await apply(consumer, run, { kind: "complete" }))) return "left";
  tellRetry(consumer, run, delayMs, counted);
  return "done";
}

function expired(delayMs: number): Classified {
  return {
    class: "permanent",
    reason: "Expired",
    name: "",
    code: undefined,
    message: `its time to live ends before the next attempt in ${String(Math.round(delayMs))} ms`,
    stack: undefined,
    hintMs: undefined,
  };
}

async function deadLetter(
  consumer: Consumer,
  run: DeliveryRun,
  reason: DeadLetterReason,
  failure: Classified,
): Promise<Settled> {
  const record = recordOf(consumer, run, reason, failure);
  if (!(await apply(consumer, run, { kind: "deadLetter", record }))) return "left";
  consumer.emit?.({
    event: "deadLettered",
    reason,
    description: record.description,
    ...eventFields(consumer, run.delivery, Math.max(1, run.spent)),
  });
  return "done";
}

function recordOf(
  consumer: Consumer,
  run: DeliveryRun,
  reason: DeadLetterReason,
  failure: Classified,
): DeadLetterRecord {
  const { source, service, runtime } = consumer;
  return {
    reason,
    description: failure.message,
    ...(failure.name !== "" ? { errorName: failure.name } : {}),
    ...(failure.code !== undefined ? { errorCode: failure.code } : {}),
    ...(failure.stack !== undefined ? { errorStack: failure.stack } : {}),
    attempts: run.spent,
    deliveryCount: run.delivery.deliveryCount,
    consumer: service,
    from: source.kind === "queue" ? source.address : `${source.address}/${consumer.spec.as}`,
    at: new Date(runtime.now()).toISOString(),
    ...(run.firstFailedAt !== undefined ? { firstFailedAt: run.firstFailedAt } : {}),
  };
}

/** Gives a delivery back. What handlers have spent on it travels along, also where the broker counts for itself. */
export async function putBack(consumer: Consumer, run: DeliveryRun): Promise<Settled> {
  const { delivery, spent, firstFailedAt } = run;
  if (!consumer.can.release) {
    run.whyLeft = "it stays where it is, and is read again from the last checkpoint";
    return "left";
  }
  const failedHere =
    firstFailedAt !== delivery.envelope.history.firstFailedAt || spent !== attemptsBefore(delivery);
  const counts = failedHere || !consumer.features.uncountedRelease;
  const history = historyWhenPutBack(delivery, { attempts: spent, firstFailedAt }, counts);
  const action: SettleAction = failedHere ? { kind: "abandon", history } : { kind: "release", history };
  if (!(await apply(consumer, run, action))) return "left";
  const fields = eventFields(consumer, delivery, Math.max(1, spent));
  consumer.emit?.({ event: "released", ...storeFailureOf(run), ...fields });
  return "back";
}

/** Tells the receiver. Answers whether it took it; if not, the failure is reported. */
function apply(consumer: Consumer, run: DeliveryRun, action: SettleAction): MaybePromise<boolean> {
  const { receiver, runtime, source } = consumer;
  const { delivery } = run;
  run.ended = true;
  try {
    const answer = runtime.port("settle", source.address, delivery.envelope.id, () =>
      receiver.settle([{ delivery, action }]),
    );
    if (answer instanceof Promise) return tookLate(consumer, run, action, answer);
    return took(consumer, run, action, answer[0]);
  } catch (cause) {
    return took(consumer, run, action, threw(cause));
  }
}

function tookLate(
  consumer: Consumer,
  run: DeliveryRun,
  action: SettleAction,
  answer: Promise<readonly (WaybillError | undefined)[]>,
): Promise<boolean> {
  const doing = `cannot ${action.kind} message ${run.delivery.envelope.id}`;
  return answered(consumer.runtime, doing, answer).then(
    ([error]) => took(consumer, run, action, error),
    (cause: unknown) => took(consumer, run, action, threw(cause)),
  );
}

const threw = (cause: unknown): WaybillError =>
  isUnanswered(cause) ? cause : new WaybillError("settleFailed", "the transport's receiver threw", { cause });

function remember(putBacks: PutBackLog, { delivery }: DeliveryRun, action: SettleAction): void {
  const { id } = delivery.envelope;
  if (action.kind === "release" || action.kind === "abandon") putBacks.note(id, action.history);
  else putBacks.forget(id);
}

/** Whether the receiver took it. */
function took(
  consumer: Consumer,
  run: DeliveryRun,
  action: SettleAction,
  error: WaybillError | undefined,
): boolean {
  if (error === undefined) {
    if (consumer.putBacks !== undefined) remember(consumer.putBacks, run, action);
    return true;
  }
  const lost = error.class === "lockLost";
  // Nobody else settles an event of a partition that is read here: what is settled is so by the settlement without an answer.
  if (lost && run.unanswered && !consumer.can.release && run.abortCause !== "lockLost") return true;
  run.unanswered ||= isUnanswered(error);
  run.gone = lost;
  tellSettleFailed(consumer, run, error);
  return false;
}

function tellRetry(consumer: Consumer, run: DeliveryRun, delayMs: number, counted: boolean): void {
  consumer.emit?.({
    event: "retryScheduled",
    delayMs,
    // A notification cannot carry that it was not, and its service counts each delivery.
    counted: counted || consumer.source.kind === "listener",
    ...storeFailureOf(run),
    ...eventFields(consumer, run.delivery, Math.max(1, run.spent)),
  });
}

function tellSettleFailed(consumer: Consumer, run: DeliveryRun, error: Error): void {
  run.whyLeft = error.message;
  consumer.emit?.({
    event: "settleFailed",
    error,
    ...eventFields(consumer, run.delivery, Math.max(1, run.spent)),
  });
}
