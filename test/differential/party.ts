import { isWaybillError, type Connection } from "../../src/transport/index.js";
import type { Command, Setting } from "./commands.js";
import { errorText } from "./delivery-text.js";
import { Letters } from "./letters.js";
import { Reading } from "./reading.js";
import { Sending } from "./sending.js";
import type { Place } from "./place.js";
import type { Surroundings } from "./surroundings.js";

/** Does the commands of a sequence through one adapter, and says what can be observed of each. */
export class Party {
  readonly #around: Surroundings;
  readonly #sending: Sending;
  readonly #reading: Reading;
  readonly #letters: Letters;
  readonly #max: number;

  constructor(
    connection: Connection,
    { destination, source }: Place,
    setting: Setting,
    around: Surroundings,
  ) {
    this.#around = around;
    this.#max = setting.max;
    this.#sending = new Sending(connection.sender(destination), around.runtime);
    this.#reading = new Reading(connection, source, setting, around);
    this.#letters = new Letters(connection, source, around.runtime);
  }

  /** What was lost since somebody took note of it. */
  get lost(): readonly string[] {
    return this.#reading.lost;
  }

  /**
   * Opens its links. The service lets messages expire that wait only where somebody is attached, and a client that has
   * not asked yet is not.
   */
  async begin(): Promise<void> {
    await this.#reading.receive(this.#max);
    await this.rest();
  }

  /** Resolves when all that was begun is over. */
  async rest(): Promise<void> {
    await this.#around.atRest();
  }

  /** What can be observed of a command, as lines. `advance` is for the caller to do: both share one clock. */
  async run(command: Command): Promise<readonly string[]> {
    const seen = await this.#attempt(command);
    await this.rest();
    return seen;
  }

  /** What was lost since the last time. */
  takeLost(): readonly string[] {
    return this.#reading.lost.splice(0).sort();
  }

  /** What is left, and the end. */
  async end(): Promise<readonly string[]> {
    const seen = this.#around.look();
    await Promise.all([this.#reading.close(), this.#sending.close(), this.#letters.close()]);
    return seen;
  }

  async #attempt(command: Command): Promise<readonly string[]> {
    try {
      return await this.#do(command);
    } catch (error) {
      if (!isWaybillError(error)) throw error;
      return [`threw ${errorText(error)}`];
    }
  }

  async #do(command: Command): Promise<readonly string[]> {
    switch (command.do) {
      case "send":
        return this.#sending.send(command.drafts);
      case "receive":
        return this.#reading.receive(command.max);
      case "settle":
        return this.#reading.settle(command.each);
      case "settleAgain":
        return this.#reading.settleAgain(command.pick, command.outcome);
      case "renew":
        return this.#reading.renew(command.picks);
      case "receiveDeferred":
        return this.#reading.receiveDeferred(command.pick);
      case "state":
        return this.#reading.state(command.pick, command.set);
      case "cancel":
        return this.#sending.cancel(command.pick);
      case "advance":
        return [];
      case "peekLetters":
        return this.#letters.peek(command.max);
      case "takeLetters":
        return this.#letters.take(command.picks);
      case "settleLetter":
        return this.#letters.settle(command.pick, command.outcome);
      case "reopen":
        return this.#reading.reopen();
    }
  }
}
