import { Roster, type Member } from "./roster.js";

/** A piece of work that has begun. */
export class Work implements Member<Work> {
  /** Names it in reports. */
  readonly describe: () => string;
  /** How many of its waits are going on. */
  parks = 0;
  before: Work | undefined;
  after: Work | undefined;
  present = false;

  constructor(describe: () => string) {
    this.describe = describe;
  }
}

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
  readonly #work = new Roster<Work>();
  #whenIdle: (() => void)[] = [];

  get running(): number {
    return this.#work.size;
  }

  get busy(): number {
    return this.#work.size - this.#parked;
  }

  /** How many pieces of work have ever begun: the bound of endless loops. */
  get begun(): number {
    return this.#begun;
  }

  /** Marks the begin of a piece of work; `describe` names it in reports. */
  begin(describe: () => string): Work {
    this.#begun += 1;
    const work = new Work(describe);
    this.#work.add(work);
    return work;
  }

  /** Marks the end of a piece of work. Repeated calls do nothing. */
  end(work: Work): void {
    if (!this.#work.remove(work)) return;
    if (work.parks > 0) this.#parked -= 1;
    this.#notify();
  }

  /**
   * Marks the begin of a wait that Waybill owns. Call the result once when it is over.
   *
   * Say whose wait it is where that is known: two waits of one piece then count once, and none outlives its piece.
   * Without it, each wait stands for one piece.
   */
  park(work: Work = standIn()): () => void {
    this.suspend(work);
    let waiting = true;
    return () => {
      if (waiting) this.resume(work);
      waiting = false;
    };
  }

  /** As {@link park}, for somebody who knows whether the wait goes on: {@link resume} ends it. */
  suspend(work: Work): void {
    if (!work.present) return;
    work.parks += 1;
    if (work.parks === 1) this.#parked += 1;
    this.#notify();
  }

  resume(work: Work): void {
    work.parks -= 1;
    if (work.parks === 0 && work.present) this.#parked -= 1;
  }

  /** Resolves at the next moment at which nothing is busy. */
  whenIdle(): Promise<void> {
    if (this.busy <= 0) return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** What has begun and not ended, oldest first. */
  describe(): string[] {
    return [...this.#work].map((work) => work.describe());
  }

  #notify(): void {
    if (this.busy > 0 || this.#whenIdle.length === 0) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const wake of waiting) wake();
  }
}

/** The piece of a wait that names none. */
function standIn(): Work {
  const work = new Work(() => "a wait");
  work.present = true;
  return work;
}
