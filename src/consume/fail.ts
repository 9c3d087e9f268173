import { isWaybillError } from "../errors.js";
import { classify, type Classified } from "../policy/classify.js";
import { decide, type Decision } from "../policy/decide.js";
import { abandonClaim, releaseClaim } from "./claim.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, type Consumer } from "./environment.js";
import { guardedPolicy } from "./guarded-policy.js";
import { leave, type Verdict } from "./verdict.js";

/** Turns whatever went wrong into a verdict, and gives the claim back. */
export async function fail(consumer: Consumer, run: DeliveryRun, thrown: unknown): Promise<Verdict> {
  const ran = thrown instanceof HandlerFailure;
  const error = thrown instanceof HandlerFailure ? thrown.error : thrown;
  // A handler that still runs keeps its claim, so that nobody runs beside it before the lease has ended.
  // One that was taken over and not used keeps saying so to the next owner: a release would make it forget.
  if (run.zombie || (run.claimRecovered && !ran)) abandonClaim(run);
  else await releaseClaim(consumer, run);
  if (run.abortCause === "lockLost" || run.abortCause === "fenced")
    return leave(`the lock was lost: ${run.abortError?.message ?? ""}`);
  run.storeFailure = !ran && isWaybillError(error) && error.code === "storeFailed" ? error : undefined;
  const failure = failureOf(run, error);
  if (ran && failure.class !== "cancelled") {
    consumer.emit?.({ event: "handlerFailed", error, ...eventFields(consumer, run.delivery, run.spent + 1) });
  }
  const givenUp = ran && consumer.spec.giveUpOn.some((type) => error instanceof type);
  return { kind: "failed", failure, decision: decideFor(consumer, run, failure, givenUp, ran) };
}

/** A run that was told to end failed for that reason, whatever it threw. */
function failureOf(run: DeliveryRun, error: unknown): Classified {
  if (run.abortCause === undefined) return classify(error);
  return classify(run.abortError);
}

/** Decides, and books the attempt. */
export function decideFor(
  consumer: Consumer,
  run: DeliveryRun,
  failure: Classified,
  givenUp: boolean,
  ran: boolean,
): Decision {
  const { runtime, spec, can } = consumer;
  const { envelope } = run.delivery;
  const nowMs = runtime.now();
  if (failure.class !== "cancelled") run.firstFailedAt ??= new Date(nowMs).toISOString();
  // What nobody knows how to judge is tried as often as a handler is, also where none has run.
  const attempts = run.spent + (ran || failure.class === "unknown" ? 1 : 0);
  const decision = decide(
    {
      class: failure.class,
      reason: failure.reason,
      givenUp,
      attempts,
      immediateUsed: run.immediateUsed,
      hintMs: failure.hintMs,
      failingMs: run.firstFailedAt === undefined ? 0 : nowMs - Date.parse(run.firstFailedAt),
      heldMs: run.heldSinceMs === undefined ? 0 : nowMs - run.heldSinceMs,
      can,
    },
    guardedPolicy(consumer),
    () => runtime.random(`backoff ${spec.channel.name} ${envelope.id} ${String(attempts)}`),
  );
  if (spends(decision)) run.spent = attempts;
  return decision;
}

function spends(decision: Decision): boolean {
  switch (decision.kind) {
    case "retryNow":
    case "deadLetter":
    case "discard":
      return true;
    case "retryAfter":
    case "holdLane":
    case "release":
      return decision.counted;
    case "leave":
      return false;
  }
}

/** Marks an error as the handler's own: the run has spent an attempt. */
export class HandlerFailure extends Error {
  readonly error: unknown;
  constructor(error: unknown) {
    super("the handler failed");
    this.error = error;
  }
}
