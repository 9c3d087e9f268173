import type { Job } from "./contracts.js";

/** One run of the handler that came to its effect. */
export interface Effect {
  readonly id: string;
  readonly key: string;
  readonly n: number;
  /** The handler was told that an earlier run may have had the effect. */
  readonly recovered: boolean;
}

/** What senders were told, and what handlers did: all that the checks look at. */
export class Ledger {
  readonly #accepted = new Map<string, Job>();
  readonly #effects: Effect[] = [];
  readonly #ids = new Set<string>();
  /** Sends that were repeated, because they were refused or nobody knew. */
  resent = 0;
  /** How long the longest send took to be answered, in milliseconds. */
  longestSendMs = 0;

  accept(id: string, job: Job): void {
    this.#accepted.set(id, job);
  }

  effect(effect: Effect): void {
    this.#effects.push(effect);
    this.#ids.add(effect.id);
  }

  /** What was sent under an id that was accepted. */
  jobOf(id: string): Job | undefined {
    return this.#accepted.get(id);
  }

  get accepted(): number {
    return this.#accepted.size;
  }

  get effects(): number {
    return this.#effects.length;
  }

  done(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Accepted, and neither done nor among the dead letters (I1). */
  lost(deadLetters: ReadonlySet<string>): readonly string[] {
    return [...this.#accepted.keys()].filter((id) => !this.#ids.has(id) && !deadLetters.has(id));
  }

  /** Done twice, and the second run was not told that it might be so (I2). */
  repeated(): readonly string[] {
    const once = new Set<string>();
    return this.#effects.flatMap(({ id, recovered }) => {
      const again = once.has(id) && !recovered;
      once.add(id);
      return again ? [id] : [];
    });
  }

  /** Done before what was sent before it with the same key (I6). */
  disordered(): readonly string[] {
    const last = new Map<string, number>();
    return this.#effects.flatMap(({ id, key, n, recovered }) => {
      const before = last.get(key) ?? 0;
      last.set(key, Math.max(before, n));
      return n < before && !recovered ? [id] : [];
    });
  }
}
