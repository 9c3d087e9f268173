import type { DeliveryRun } from "./delivery-run.js";

/**
 * Deliveries that wait for a handler: those of one lane (session, partition) one after the other, in order; those
 * without a lane, and different lanes, side by side.
 */
export class Lanes {
  /** Runs that may start, first come first. */
  #ready: DeliveryRun[] = [];
  #head = 0;
  /** Lanes with a run that is ready or running, and the runs behind it. */
  readonly #busy = new Map<string, DeliveryRun[]>();

  /** How many runs may start now. */
  get ready(): number {
    return this.#ready.length - this.#head;
  }

  push(run: DeliveryRun): void {
    const { lane } = run.delivery;
    if (lane === undefined) {
      this.#ready.push(run);
      return;
    }
    const behind = this.#busy.get(lane);
    if (behind !== undefined) {
      behind.push(run);
      return;
    }
    this.#busy.set(lane, []);
    this.#ready.push(run);
  }

  /** The next run that may start; its lane stays busy until {@link done}. */
  next(): DeliveryRun | undefined {
    const run = this.#ready[this.#head];
    if (run === undefined) return undefined;
    this.#head += 1;
    // Forgotten early: what lies before the head keeps its message in memory.
    if (this.#head >= 16 && this.#head * 2 >= this.#ready.length) {
      this.#ready = this.#ready.slice(this.#head);
      this.#head = 0;
    }
    return run;
  }

  /** Takes runs that may join `first` in a batch: of its lane, or ready without a lane; of its message type. */
  join(first: DeliveryRun, max: number): DeliveryRun[] {
    const { lane, envelope } = first.delivery;
    const waiting = lane === undefined ? this.#ready : (this.#busy.get(lane) ?? []);
    const from = lane === undefined ? this.#head : 0;
    let to = from;
    while (
      to < waiting.length &&
      to - from < max - 1 &&
      waiting[to]?.delivery.envelope.type === envelope.type &&
      waiting[to]?.delivery.lane === lane
    )
      to += 1;
    return waiting.splice(from, to - from);
  }

  /** Lets the next run of the lane start. */
  done(lane: string | undefined): void {
    if (lane === undefined) return;
    const next = this.#busy.get(lane)?.shift();
    if (next === undefined) this.#busy.delete(lane);
    else this.#ready.push(next);
  }

  /** Takes everything that has not started. */
  drain(): DeliveryRun[] {
    const waiting = [...this.#ready.slice(this.#head), ...[...this.#busy.values()].flat()];
    this.#ready = [];
    this.#head = 0;
    for (const behind of this.#busy.values()) behind.length = 0;
    return waiting;
  }
}
