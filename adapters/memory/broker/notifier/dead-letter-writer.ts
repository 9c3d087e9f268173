import { DueNode } from "./agenda.js";
import type { NotifierContext } from "./context.js";
import type { DeadLetter, DeadLetterSink } from "./dead-letter.js";

/** When dead letters are written. */
export interface DeadLetterTiming {
  /** Wait before the first try. */
  readonly delayMs: number;
  /** Waits between tries while the sink says `false`; the last one repeats. */
  readonly retryDelaysMs: readonly number[];
  /** How long after the first try the letter is dropped. */
  readonly giveUpMs: number;
}

const minute = 60_000;

/** Custom topics: five minutes later, dropped after four hours. Source: delivery-and-retry.md. */
export function customTiming(delayMs = 5 * minute): DeadLetterTiming {
  return { delayMs, retryDelaysMs: [5 * minute], giveUpMs: 4 * 60 * minute };
}

/** Namespaces. Source: dead-letter-event-subscriptions-namespace-topics.md. */
export function namespaceTiming(delayMs = 0): DeadLetterTiming {
  return { delayMs, retryDelaysMs: [10_000, minute, 5 * minute], giveUpMs: 2 * 24 * 60 * minute };
}

/** Hands what a subscription gave up to its sink, in time and again if it must. Without a sink it drops everything. */
export class DeadLetterWriter {
  constructor(
    readonly context: NotifierContext,
    readonly sink: DeadLetterSink | undefined,
    readonly timing: DeadLetterTiming,
  ) {}

  write(letter: DeadLetter): void {
    if (this.sink === undefined) return;
    const { agenda } = this.context;
    const pending = new PendingLetter(this, letter, agenda.nowMs + this.timing.delayMs);
    if (this.timing.delayMs === 0) pending.fire();
    else agenda.schedule(pending, pending.firstTryMs);
  }

  attempt(pending: PendingLetter): void {
    if (this.sink?.(pending.letter) !== false) return;
    const { agenda } = this.context;
    const { retryDelaysMs, giveUpMs } = this.timing;
    const delayMs = retryDelaysMs[Math.min(pending.tries, retryDelaysMs.length) - 1] ?? giveUpMs;
    const nextMs = agenda.nowMs + delayMs;
    if (nextMs <= pending.firstTryMs + giveUpMs) agenda.schedule(pending, nextMs);
  }
}

class PendingLetter extends DueNode {
  tries = 0;

  constructor(
    readonly writer: DeadLetterWriter,
    readonly letter: DeadLetter,
    readonly firstTryMs: number,
  ) {
    super();
  }

  override fire(): void {
    this.tries += 1;
    this.writer.attempt(this);
  }
}
