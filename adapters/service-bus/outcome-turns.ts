import type { Runtime, SettleAction } from "../../src/transport/index.js";

type Kind = SettleAction["kind"];

/**
 * Keeps settlements of different outcomes out of one turn of the event loop.
 *
 * The SDK's AMQP library puts neighbouring settlements of one turn into one frame, with the outcome of the first, also
 * where the second has another [rhea 3.0.5, `write_dispositions`]: a message that is dead-lettered right behind one that
 * is completed would be completed.
 */
export class OutcomeTurns {
  readonly #runtime: Pick<Runtime, "defer">;
  /** Of this turn. */
  #kind: Kind | undefined;
  readonly #waiting: { readonly kind: Kind; readonly enter: () => void }[] = [];

  constructor(runtime: Pick<Runtime, "defer">) {
    this.#runtime = runtime;
  }

  /** Settles in a turn in which nothing is settled otherwise. */
  settle<T>(kind: Kind, settle: () => Promise<T>): Promise<T> {
    if (this.#waiting.length === 0 && this.#admits(kind)) return settle();
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        kind,
        enter: () => {
          settle().then(resolve, reject);
        },
      });
    });
  }

  #admits(kind: Kind): boolean {
    if (this.#kind !== undefined) return this.#kind === kind && alike.has(kind);
    this.#kind = kind;
    this.#runtime.defer(() => {
      this.#next();
    });
    return true;
  }

  #next(): void {
    this.#kind = undefined;
    for (
      let first = this.#waiting[0];
      first !== undefined && this.#admits(first.kind);
      first = this.#waiting[0]
    ) {
      this.#waiting.shift();
      first.enter();
    }
  }
}

/** Outcomes that say nothing but their name. The others carry properties or a reason of their own. */
const alike: ReadonlySet<Kind> = new Set<Kind>(["complete", "release"]);
