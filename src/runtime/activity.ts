/** Ends a piece of work; call it once. Also the piece's identity, for {@link Activity.park}. */
export type EndWork = () => void;

/**
 * Counts the work that has begun and not ended, and how much of it waits on purpose.
 *
 * `running` rises when a delivery or a send begins and falls when it is settled or answered, not when a handler
 * returns. `parked` counts the part that sits in a wait which Waybill owns (a back-off, `ctx.sleep`, the place in a
 * lane before its deferred start), so that
 * `running - parked` is what is truly busy: virtual time may move only when that is nothing.
 */
export class Activity {
  #parked = 0;
  #begun = 0;
  readonly #pieces = new Map<EndWork, Piece>();
  #whenIdle: (() => void)[] = [];

  get running(): number {
    return this.#pieces.size;
  }

  get busy(): number {
    return this.#pieces.size - this.#parked;
  }

  /** How many pieces of work have ever begun: the bound of endless loops. */
  get begun(): number {
    return this.#begun;
  }

  /** Marks the begin of a piece of work; `describe` names it in reports. Call the result once at its end. */
  begin(describe: () => string): EndWork {
    this.#begun += 1;
    const piece: Piece = { describe, parks: 0 };
    const end = (): void => {
      if (!this.#pieces.delete(end)) return;
      if (piece.parks > 0) this.#parked -= 1;
      this.#notify();
    };
    this.#pieces.set(end, piece);
    return end;
  }

  /**
   * Marks the begin of a wait that Waybill owns. Call the result once when it is over.
   *
   * Say whose wait it is where that is known: two waits of one piece then count once, and none outlives its piece.
   * Without it, each wait stands for one piece.
   */
  park(work?: EndWork): () => void {
    const piece = work ? this.#pieces.get(work) : { parks: 0 };
    if (piece === undefined) return () => undefined;
    piece.parks += 1;
    if (piece.parks === 1) this.#parked += 1;
    this.#notify();
    let waiting = true;
    return () => {
      if (!waiting) return;
      waiting = false;
      piece.parks -= 1;
      const ended = work !== undefined && !this.#pieces.has(work);
      if (piece.parks === 0 && !ended) this.#parked -= 1;
    };
  }

  /** Resolves at the next moment at which nothing is busy. */
  whenIdle(): Promise<void> {
    if (this.busy <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** What has begun and not ended, oldest first. */
  describe(): string[] {
    return [...this.#pieces.values()].map((piece) => piece.describe());
  }

  #notify(): void {
    if (this.busy > 0 || this.#whenIdle.length === 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }
}

interface Piece {
  readonly describe: () => string;
  /** How many waits of this piece are going on. */
  parks: number;
}
