/**
 * Counts the work that has begun and not ended, and how much of it waits on purpose.
 *
 * `running` rises when a delivery or a send begins and falls when it is settled or answered, not when a handler
 * returns. `parked` counts the part that sits in a wait which Waybill owns (a back-off, `ctx.sleep`), so that
 * `running - parked` is what is truly busy: virtual time may move only when that is nothing.
 */
export class Activity {
  #running = 0;
  #parked = 0;
  #begun = 0;
  readonly #names = new Map<number, () => string>();
  #whenIdle: (() => void)[] = [];

  get running(): number {
    return this.#running;
  }

  get busy(): number {
    return this.#running - this.#parked;
  }

  /** How many pieces of work have ever begun: the bound of endless loops. */
  get begun(): number {
    return this.#begun;
  }

  /** Marks the begin of a piece of work; `describe` names it in reports. Call the result once at its end. */
  begin(describe: () => string): () => void {
    const id = ++this.#begun;
    this.#running += 1;
    this.#names.set(id, describe);
    return () => {
      if (!this.#names.delete(id)) return;
      this.#running -= 1;
      this.#notify();
    };
  }

  /** Marks the begin of a wait that Waybill owns. Call the result once when it is over. */
  park(): () => void {
    this.#parked += 1;
    this.#notify();
    let parked = true;
    return () => {
      if (!parked) return;
      parked = false;
      this.#parked -= 1;
    };
  }

  /** Resolves at the next moment at which nothing is busy. */
  whenIdle(): Promise<void> {
    if (this.busy <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** What has begun and not ended, oldest first. */
  describe(): string[] {
    return [...this.#names.values()].map((describe) => describe());
  }

  #notify(): void {
    if (this.busy > 0 || this.#whenIdle.length === 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }
}
