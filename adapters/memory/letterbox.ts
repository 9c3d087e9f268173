import {
  fromDeadLetterProperties,
  toDeadLetterProperties,
  type BrokerFacts,
  type DeadLetterDelivery,
  type DeadLetterRecord,
  type Envelope,
} from "../../src/transport/index.js";

/** Something that was given up, as its box keeps it. */
export interface Letter {
  /** Reads the envelope anew, so that nobody gets another's bytes. */
  readonly read: () => Envelope;
  readonly record: DeadLetterRecord;
  readonly broker: BrokerFacts;
  readonly deliveryCount: number;
  readonly native: unknown;
}

/**
 * Keeps what no dead-letter queue of the service keeps: parked events of a consumer group, rejected notifications of a
 * listener. Numbers its letters from 1.
 */
export class Letterbox {
  readonly #letters = new Map<string, Letter>();
  readonly #taken = new Set<string>();
  #last = 0;

  get size(): number {
    return this.#letters.size;
  }

  add(letter: Letter): void {
    this.#letters.set(String((this.#last += 1)), letter);
  }

  /** Looks at the oldest ones, also at those that are taken. */
  peek(max: number): readonly DeadLetterDelivery[] {
    return [...this.#letters].slice(0, max).map(([number, letter]) => deliveryOf(number, letter));
  }

  /** Hides a letter from others until it is removed or put back; nothing if it is gone or taken. */
  take(number: string): DeadLetterDelivery | undefined {
    const letter = this.#letters.get(number);
    if (letter === undefined || this.#taken.has(number)) return undefined;
    this.#taken.add(number);
    return deliveryOf(number, letter);
  }

  remove(number: string): void {
    this.#letters.delete(number);
    this.#taken.delete(number);
  }

  putBack(number: string): void {
    this.#taken.delete(number);
  }
}

/** The record as it comes back from a store: bounded and redacted. */
export const asStored = (record: DeadLetterRecord): DeadLetterRecord =>
  fromDeadLetterProperties(toDeadLetterProperties(record), { deadLetterReason: record.reason });

const deliveryOf = (number: string, letter: Letter): DeadLetterDelivery => ({
  envelope: letter.read(),
  record: letter.record,
  lane: undefined,
  deliveryCount: letter.deliveryCount,
  lockedUntilMs: undefined,
  broker: { ...letter.broker, sequenceNumber: number },
  native: letter.native,
});
