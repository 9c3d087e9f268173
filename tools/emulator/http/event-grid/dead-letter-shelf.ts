import type { DeadLetter, DeadLetterSink } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { Notifier } from "../../../../adapters/memory/broker/notifier/notifier.js";

/** Dead letters that one subscription may keep; until some are removed, the notifier tries again later. */
const maxLetters = 10_000;

/** Keeps in memory what Azure writes to blobs. What a notifier gave up is forgotten with the notifier. */
export class DeadLetterShelf {
  readonly #letters = new WeakMap<Notifier, Map<string, DeadLetter[]>>();

  /** Oldest first. */
  lettersOf(notifier: Notifier, topic: string, subscription: string): DeadLetter[] {
    const shelves = this.#letters.get(notifier) ?? new Map<string, DeadLetter[]>();
    this.#letters.set(notifier, shelves);
    const key = `${topic}/${subscription}`.toLowerCase();
    const letters = shelves.get(key) ?? [];
    shelves.set(key, letters);
    return letters;
  }

  sink(notifier: Notifier, topic: string, subscription: string): DeadLetterSink {
    return (letter) => {
      const letters = this.lettersOf(notifier, topic, subscription);
      if (letters.length >= maxLetters) return false;
      letters.push(letter);
      return undefined;
    };
  }
}
