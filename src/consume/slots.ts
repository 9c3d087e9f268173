import type { Activity, Work } from "../runtime/activity.js";

/**
 * The handlers that may be at work at a time. A piece of work gives its slot back while it waits, and takes one again
 * before it goes on, ahead of what has not begun.
 */
export class Slots {
  readonly #activity: Activity;
  readonly #onFree: () => void;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #taken = 0;

  /** @param onFree called when a slot may have become free: {@link grant} is due. */
  constructor(limit: number, activity: Activity, onFree: () => void) {
    this.#limit = limit;
    this.#activity = activity;
    this.#onFree = onFree;
  }

  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = limit;
    this.#onFree();
  }

  /** Takes a slot for something new. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit) return false;
    this.#taken += 1;
    return true;
  }

  /** Gives a slot back that was taken for nothing. */
  untake(): void {
    this.#taken -= 1;
  }

  give(): void {
    this.#taken -= 1;
    this.#onFree();
  }

  /** Takes a slot again for `work`; virtual time may pass meanwhile. */
  retake(work: readonly Work[]): Promise<void> {
    const parked = work.map((each) => this.#activity.park(each));
    return new Promise((resolve) => {
      this.#waiting.push(() => {
        for (const unpark of parked) unpark();
        resolve();
      });
      this.#onFree();
    });
  }

  /** Gives free slots to those that wait for one, in order. */
  grant(): void {
    while (this.#waiting.length > 0 && this.tryTake()) this.#waiting.shift()?.();
  }
}
