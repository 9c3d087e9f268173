import { WaybillError } from "../errors.js";
import { Roster } from "../runtime/roster.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { DeliveryRun } from "./delivery-run.js";
import { eventFields, type Consumer } from "./environment.js";

/**
 * Keeps the locks and claims of everything that is accepted and not settled, whether it runs, waits in its lane or
 * holds it; and tells a run to end when its lock is lost or its time is up.
 *
 * One timer for all of them, not one each.
 */
export class LockKeeper {
  readonly #consumer: Consumer;
  readonly #runs = new Roster<DeliveryRun>();
  #timer: TimerHandle | undefined;
  #dueMs = never;
  /** Renewals in a row of which none succeeded. */
  #failedRenewals = 0;
  #trouble: string | undefined;

  constructor(consumer: Consumer) {
    this.#consumer = consumer;
  }

  get runs(): Roster<DeliveryRun> {
    return this.#runs;
  }

  /** Why locks may have been lost since this was asked last, in a sentence. */
  takeTrouble(): string | undefined {
    const trouble = this.#trouble;
    this.#trouble = undefined;
    return trouble;
  }

  add(run: DeliveryRun, nowMs: number): void {
    this.#runs.add(run);
    run.overdueAtMs = nowMs + this.#consumer.spec.maxRunMs;
    this.#planRenewal(run, nowMs);
    this.plan(run);
  }

  remove(run: DeliveryRun): void {
    this.#runs.remove(run);
  }

  /** Starts the time limit anew: a held run has as long for each attempt. */
  restart(run: DeliveryRun): void {
    run.overdueAtMs = this.#consumer.runtime.now() + this.#consumer.spec.maxRunMs;
    this.plan(run);
  }

  /** The delivery's lock is known to be lost. */
  lose(run: DeliveryRun, error: WaybillError): void {
    if (run.ended || run.abortCause === "lockLost") return;
    run.abort("lockLost", error);
    this.#consumer.emit?.({
      event: "lockLost",
      error,
      ...eventFields(this.#consumer, run.delivery, run.spent + 1),
    });
  }

  /** Looks at the run when its next limit is due. To be called when one of them has changed. */
  plan({
    renewAtMs = never,
    extendAtMs = never,
    overdueAtMs = never,
    lockedUntilMs = never,
  }: DeliveryRun): void {
    const dueMs = Math.min(renewAtMs, extendAtMs, overdueAtMs, lockedUntilMs);
    if (dueMs < this.#dueMs) this.#arm(dueMs);
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = never;
  }

  #arm(dueMs: number): void {
    this.#timer?.cancel();
    this.#dueMs = dueMs;
    const { runtime } = this.#consumer;
    this.#timer = runtime.after(Math.max(0, dueMs - runtime.now()), () => {
      this.#dueMs = never;
      this.#timer = undefined;
      this.#check(dueMs);
    });
  }

  #check(dueMs: number): void {
    const nowMs = this.#consumer.runtime.now();
    const renew: DeliveryRun[] = [];
    this.#noteLate(nowMs - dueMs);
    for (const run of this.#runs) {
      if (run.ended) continue;
      if (isDue(run.overdueAtMs, nowMs)) {
        run.overdueAtMs = undefined;
        run.renewAtMs = undefined;
        run.abort("overdue", overdue(this.#consumer, run));
      } else if (isDue(run.lockedUntilMs, nowMs)) {
        run.renewAtMs = undefined;
        run.lockedUntilMs = undefined;
        this.lose(
          run,
          new WaybillError("lockLost", `the lock of message ${run.delivery.envelope.id} has ended`),
        );
      } else if (isDue(run.renewAtMs, nowMs)) {
        run.renewAtMs = undefined;
        renew.push(run);
      }
      if (isDue(run.extendAtMs, nowMs)) {
        run.extendAtMs = undefined;
        void this.#extend(run);
      }
    }
    if (renew.length > 0) void this.#renew(renew);
    for (const run of this.#runs) if (!run.ended) this.plan(run);
  }

  async #renew(runs: readonly DeliveryRun[]): Promise<void> {
    const { receiver, runtime, source } = this.#consumer;
    const first = runs[0]?.delivery.envelope.id ?? "";
    let answers: readonly (number | WaybillError)[] = [];
    try {
      answers = await runtime.port("renew", source.address, first, () =>
        receiver.renew(runs.map((run) => run.delivery)),
      );
    } catch {
      // Without an answer the lock counts as not renewed.
    }
    const nowMs = runtime.now();
    this.#noteRenewal(answers);
    for (const [index, run] of runs.entries()) {
      const answer = answers[index];
      if (run.ended) continue;
      if (typeof answer === "number") {
        run.lockedUntilMs = answer;
        this.#planRenewal(run, nowMs);
      } else if (answer?.class === "lockLost") {
        this.lose(run, answer);
      } else {
        run.renewAtMs = nowMs + Math.max(100, ((run.lockedUntilMs ?? nowMs) - nowMs) / 4);
      }
      this.plan(run);
    }
  }

  #noteRenewal(answers: readonly (number | WaybillError)[]): void {
    const failure = answers.find((answer) => typeof answer !== "number");
    if (answers.length > 0 && failure === undefined) {
      this.#failedRenewals = 0;
      return;
    }
    if (failure?.class === "lockLost") return;
    this.#failedRenewals += 1;
    if (this.#failedRenewals < 2) return;
    const why = failure?.message ?? "the transport gave no answer";
    this.#trouble = `locks could not be renewed ${String(this.#failedRenewals)} times in a row: ${why}`;
  }

  /** A timer that fires late says that the event loop was blocked, or the machine: locks may be lost so. */
  #noteLate(lateMs: number): void {
    if (lateMs >= blockedMs)
      this.#trouble = `the event loop was blocked for ${String(Math.round(lateMs))} ms`;
  }

  /** Extends the claim of the idempotency store. A stale claim means that somebody else runs the message. */
  async #extend(run: DeliveryRun): Promise<void> {
    const { idempotency, runtime, spec } = this.#consumer;
    const { claim } = run;
    const leaseMs = spec.idempotency?.leaseMs;
    if (idempotency === undefined || claim === undefined || leaseMs === undefined) return;
    const askedMs = runtime.now();
    let stale = false;
    try {
      const answer = await runtime.port("store", idempotency.name, `extend ${claim.key}`, () =>
        idempotency.extend(claim, leaseMs),
      );
      stale = answer === "stale";
    } catch {
      // Not extended, as far as we know: asked again soon.
    }
    if (run.ended || run.claim !== claim) return;
    if (stale) this.#fence(run);
    else run.extendAtMs = askedMs + leaseMs / 3;
    this.plan(run);
  }

  /** Somebody else runs the message. An event of a stream stays here all the same: nobody else will be given it. */
  #fence(run: DeliveryRun): void {
    const error = new WaybillError(
      "fenced",
      `message ${run.delivery.envelope.id} was taken over by another owner`,
    );
    if (this.#consumer.can.release) this.lose(run, error);
    else run.abort("fenced", error);
  }

  #planRenewal(run: DeliveryRun, nowMs: number): void {
    const { lockedUntilMs } = run;
    if (lockedUntilMs === undefined || !this.#consumer.features.renew) return;
    run.renewAtMs = nowMs + Math.max(0, (lockedUntilMs - nowMs) / 2);
  }
}

const never = Infinity;

/** How late a timer may be before that is told, in milliseconds. */
const blockedMs = 1_000;

const isDue = (atMs: number | undefined, nowMs: number): boolean => atMs !== undefined && atMs <= nowMs;

function overdue(consumer: Consumer, run: DeliveryRun): WaybillError {
  return new WaybillError(
    "handlerTimeout",
    `the handler of message ${run.delivery.envelope.id} took longer than maxLockRenewal (${String(consumer.spec.maxRunMs)} ms)`,
  );
}
