import type {
  DeadLetterDelivery,
  DeadLetterReceiver,
  Runtime,
  Connection,
} from "../../src/transport/index.js";
import { answerText, deliveryText } from "./delivery-text.js";
import { each, takeFrom } from "./pick.js";
import type { Place } from "./place.js";
import { settleAction } from "./settle-action.js";

/** The commands of a sequence that are about dead letters. */
export class Letters {
  readonly #connection: Connection;
  readonly #source: Place["source"];
  readonly #runtime: Runtime;
  /** Numbers of those that were seen last. */
  readonly #letters: string[] = [];
  readonly #taken: DeadLetterDelivery[] = [];
  #opened: DeadLetterReceiver | undefined;

  constructor(connection: Connection, source: Place["source"], runtime: Runtime) {
    this.#connection = connection;
    this.#source = source;
    this.#runtime = runtime;
  }

  async peek(max: number): Promise<readonly string[]> {
    const letters = await this.#dead().peek(max);
    this.#letters.splice(0, Infinity, ...letters.map(({ broker }) => broker.sequenceNumber ?? ""));
    return letters.map((letter) => `letter ${this.#text(letter)}`);
  }

  async take(picks: readonly number[]): Promise<readonly string[]> {
    const numbers = each(this.#letters, picks);
    const taken = numbers.length === 0 ? [] : await this.#dead().take(numbers);
    this.#taken.push(...taken);
    return taken.map((letter) => `took ${this.#text(letter)}`);
  }

  async settle(pick: number, outcome: "complete" | "release"): Promise<readonly string[]> {
    const [letter] = takeFrom(this.#taken, pick);
    if (letter === undefined) return [];
    const action = settleAction(this.#source.address, letter, outcome);
    const [error] = await this.#dead().settle([{ delivery: letter, action }]);
    return [`${outcome} letter ${letter.envelope.id}: ${answerText(error)}`];
  }

  async close(): Promise<void> {
    await this.#opened?.close();
  }

  #dead(): DeadLetterReceiver {
    return (this.#opened ??= this.#connection.deadLetters(this.#source));
  }

  #text(letter: DeadLetterDelivery): string {
    return deliveryText(letter, this.#runtime.now());
  }
}
