import type { Connection } from "../transport/transport.js";

/**
 * The client under a connection, which several consumers and senders use: when it breaks, all of them want a new one, and one
 * is made.
 */
export class ClientCare {
  readonly #connection: Connection;
  #generation = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Names the client of the moment: what is opened now uses it. */
  get generation(): number {
    return this.#generation;
  }

  /** Sees to it that what is opened from now on uses another client than that one. @throws why none could be made */
  leave(generation: number): void {
    if (generation < this.#generation) return;
    this.#connection.recycle?.();
    this.#generation += 1;
  }
}
