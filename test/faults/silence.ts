import type { AppEvent } from "../../src/policy/app-event.js";

/** Options of {@link Silence}. */
export interface SilenceOptions {
  readonly service: string;
  /** The monotonic clock of its runtime, in milliseconds. */
  readonly elapsed: () => number;
  /** How long it may be silent. */
  readonly limitMs: number;
}

/** How long a service gets nothing done and does not say so: it may do either, not both (I11). */
export class Silence {
  readonly limitMs: number;
  readonly #options: SilenceOptions;
  #sinceMs: number;
  #hasSaid = false;
  #longestMs = 0;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.limitMs = options.limitMs;
    this.#sinceMs = options.elapsed();
  }

  hear(event: AppEvent): void {
    if (event.service !== this.#options.service) return;
    if (progress.has(event.event)) this.rest();
    else if (words.has(event.event)) {
      this.look();
      this.#hasSaid = true;
    }
  }

  /** Nothing is to be done or said: from now on it counts anew. */
  rest(): void {
    this.look();
    this.#sinceMs = this.#options.elapsed();
    this.#hasSaid = false;
  }

  /** Whether it has said that it gets nothing, since it got something last. */
  get hasSaid(): boolean {
    return this.#hasSaid;
  }

  /** How long it has been silent at most, in milliseconds. */
  look(): number {
    if (!this.#hasSaid) this.#longestMs = Math.max(this.#longestMs, this.#options.elapsed() - this.#sinceMs);
    return this.#longestMs;
  }

  get isTooLong(): boolean {
    return this.look() > this.limitMs;
  }
}

const progress: ReadonlySet<AppEvent["event"]> = new Set(["delivered", "handled", "duplicate"]);
const words: ReadonlySet<AppEvent["event"]> = new Set(["receiveFailed", "stalled", "recycled"]);
