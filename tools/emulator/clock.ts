/** A clock and its timers: the machine's, or one that runs at another speed. */
export interface MachineClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once, `delayMs` from now by this clock. Keeps no process alive. */
  after(delayMs: number, run: () => void): { cancel(): void };
}

/** The machine's own clock. */
export const machineClock: MachineClock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(Math.ceil(delayMs), maxTimerMs)).unref();
    return {
      cancel: () => {
        clearTimeout(timer);
      },
    };
  },
};

/** The longest that Node's timers can wait. */
const maxTimerMs = 2_147_483_647;

/**
 * The emulator's time: the machine's, moved ahead by `advance`.
 *
 * Brokers live on it. Sockets, and whoever is at their other end, stay on the machine's time; so every timestamp that
 * travels is translated, and a client always sees a lock's true remainder. What was taken before an advance is that
 * much older after it: locks taken before an advance expire by it.
 */
export class EmulatorClock {
  readonly #machine: MachineClock;
  readonly #advanced = new Set<() => void>();
  #offsetMs = 0;

  constructor(machine: MachineClock = machineClock) {
    this.#machine = machine;
  }

  /** The emulator's present, in milliseconds since 1970. */
  now(): number {
    return this.#machine.now() + this.#offsetMs;
  }

  /** How far the emulator is ahead of the machine. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  /** Moves time ahead; everything that falls due on the way has happened when this returns. */
  advance(ms: number): void {
    if (!(ms >= 0 && ms <= maxAdvanceMs)) {
      throw new RangeError(`advance(${String(ms)}): give from 0 to ${String(maxAdvanceMs)} milliseconds`);
    }
    this.#offsetMs += ms;
    for (const advanced of this.#advanced) advanced();
  }

  /**
   * Makes the present `nowMs`, also an earlier one. Calls nobody back: whoever lives by this clock must begin anew.
   * For restoring the state of another moment.
   */
  moveTo(nowMs: number): void {
    this.#offsetMs = nowMs - this.#machine.now();
  }

  /** Makes the present the machine's own. Calls nobody back, as `moveTo`. */
  rewind(): void {
    this.#offsetMs = 0;
  }

  /** Calls `run` once, after that much of the machine's time; `advance` does not shorten it. */
  after(delayMs: number, run: () => void): { cancel(): void } {
    return this.#machine.after(delayMs, run);
  }

  /** Calls back within every `advance`. Returns what ends that. */
  onAdvance(advanced: () => void): () => void {
    this.#advanced.add(advanced);
    return () => this.#advanced.delete(advanced);
  }

  /** A time of the emulator's as a client is to see it. */
  toWire(virtualMs: number): number {
    return virtualMs - this.#offsetMs;
  }

  /** A time that a client sent. */
  fromWire(wallMs: number): number {
    return wallMs + this.#offsetMs;
  }
}

/** A hundred years: a date beyond would not fit the protocols. */
const maxAdvanceMs = 100 * 365 * 24 * 3_600_000;
