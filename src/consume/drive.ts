import { Attempter, type Attempts } from "./attempt.js";
import { attemptBatch } from "./batch.js";
import type { DeliveryRun } from "./delivery-run.js";
import { settle, type Settled } from "./settle.js";
import { begin, holdAll, settleAgain, stay, staysFor } from "./stay.js";
import { leave, type Verdict } from "./verdict.js";

/** Told of deliveries on their way. */
export interface DriverHost {
  /** Once for each delivery: it is settled, or left. */
  ended(run: DeliveryRun, settled: Settled): void;
  /** Once for each handler call, after its deliveries have ended: its slot and its lane are free. */
  worked(runs: readonly DeliveryRun[]): void;
}

/**
 * Takes deliveries from their first attempt to their settlement: attempts, waits in the lane, attempts again.
 *
 * Never throws. A delivery whose handler succeeds at the first attempt awaits its handler and nothing else, if its
 * receiver answers at once.
 */
export class Driver {
  readonly #attempts: Attempts;
  readonly #stopping: AbortSignal;
  readonly #host: DriverHost;
  readonly #attempter: Attempter;

  constructor(attempts: Attempts, stopping: AbortSignal, host: DriverHost) {
    this.#attempts = attempts;
    this.#stopping = stopping;
    this.#host = host;
    this.#attempter = new Attempter(attempts, (run, verdict) => {
      this.#judged(run, verdict);
    });
  }

  drive(runs: readonly DeliveryRun[]): void {
    const { consumer, keeper } = this.#attempts;
    // Behind the head of a partition an event may wait for long: its time begins now.
    if (!consumer.can.release) for (const run of runs) begin(keeper, run);
    const [first] = runs;
    if (consumer.spec.batch !== undefined) void this.#driveBatch(runs);
    else if (first !== undefined) this.#attempter.attempt(first);
  }

  #judged(run: DeliveryRun, verdict: Verdict): void {
    const { consumer } = this.#attempts;
    const delayMs = staysFor(consumer, run, verdict, this.#stopping);
    if (delayMs !== undefined) {
      stay(consumer, run, verdict, delayMs);
      void this.#attemptAgain(run, delayMs);
      return;
    }
    const settled = settle(consumer, run, verdict);
    if (settled instanceof Promise || settled === "left") void this.#endLater(run, verdict, settled);
    else this.#end(run, settled);
  }

  async #attemptAgain(run: DeliveryRun, delayMs: number): Promise<void> {
    if (delayMs > 0) await holdAll(this.#attempts, [run], delayMs);
    this.#attempter.attempt(run);
  }

  async #endLater(run: DeliveryRun, verdict: Verdict, settling: Settled | Promise<Settled>): Promise<void> {
    this.#end(run, await this.#settled(run, verdict, settling));
  }

  #end(run: DeliveryRun, settled: Settled): void {
    this.#host.ended(run, settled);
    this.#host.worked([run]);
  }

  async #settled(run: DeliveryRun, verdict: Verdict, settling: Settled | Promise<Settled>): Promise<Settled> {
    const settled = await settling;
    return settled === "left" ? settleAgain(this.#attempts, run, verdict, this.#stopping) : settled;
  }

  /** What stays of a batch waits together, and is a batch again. */
  async #driveBatch(runs: readonly DeliveryRun[]): Promise<void> {
    const { consumer } = this.#attempts;
    let open = runs;
    while (open.length > 0) {
      const verdicts = await attemptBatch(this.#attempts, open);
      const again: DeliveryRun[] = [];
      let waitMs = 0;
      for (const [index, run] of open.entries()) {
        const verdict = verdicts[index] ?? leave("it was not attempted");
        const delayMs = staysFor(consumer, run, verdict, this.#stopping);
        if (delayMs === undefined) {
          this.#host.ended(run, await this.#settled(run, verdict, settle(consumer, run, verdict)));
        } else {
          again.push(run);
          stay(consumer, run, verdict, delayMs);
          waitMs = Math.max(waitMs, delayMs);
        }
      }
      if (waitMs > 0) await holdAll(this.#attempts, again, waitMs);
      open = again;
    }
    this.#host.worked(runs);
  }
}
