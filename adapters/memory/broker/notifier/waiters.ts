import { ReadyList, type Linked } from "./ready-list.js";

/** Stops waiting. Does nothing after the wake-up. */
export type Cancel = () => void;

/** Those who wait for the same thing, in their order of arrival. Each is woken once. */
export class Waiters {
  readonly #waiting = new ReadyList<Waiter>();
  readonly #available: () => number;
  #waking = false;

  /** `available` counts what there is to take; nobody is woken while it is 0. */
  constructor(available: () => number) {
    this.#available = available;
  }

  add(wake: () => void): Cancel {
    const waiter: Waiter = { wake, isWaiting: true, previous: undefined, next: undefined };
    this.#waiting.append(waiter);
    this.wake();
    return () => {
      this.#leave(waiter);
    };
  }

  /**
   * Wakes waiters while there is something to take. One that waits again from its wake-up is served by the next round,
   * not by recursion, and a round in which nobody took anything is the last.
   */
  wake(): void {
    if (this.#waking) return;
    this.#waking = true;
    try {
      for (let before = Infinity; this.#available() > 0 && this.#available() < before;) {
        before = this.#available();
        this.#wakeRound();
      }
    } finally {
      this.#waking = false;
    }
  }

  #wakeRound(): void {
    for (let left = this.#waiting.size; left > 0 && this.#available() > 0; left--) {
      const head = this.#waiting.head;
      if (head === undefined) return;
      this.#leave(head);
      head.wake();
    }
  }

  #leave(waiter: Waiter): void {
    if (!waiter.isWaiting) return;
    waiter.isWaiting = false;
    this.#waiting.remove(waiter);
  }
}

interface Waiter extends Linked<Waiter> {
  readonly wake: () => void;
  isWaiting: boolean;
}
