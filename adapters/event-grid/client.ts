import { within, type Deadline } from "../../src/transport/index.js";
import { mapError } from "./map-error.js";

/** A client: made on first use, and anew when the service does not know its credentials any more, as when a key was changed. */
export class Client<C> {
  readonly #make: () => C;
  readonly #deadline: Deadline;
  #current: C | undefined;

  constructor(make: () => C, deadline: Deadline, first?: C) {
    this.#make = make;
    this.#deadline = deadline;
    this.#current = first;
  }

  /** The client of the moment. @throws what its factory throws */
  get current(): C {
    return (this.#current ??= this.#make());
  }

  /**
   * Asks the service for something, within the time that an operation has and `moreMs`; then the request is aborted. One
   * that was refused for its credentials did nothing: it is made once more with a client that has new ones.
   *
   * @throws what the operation throws, or `timeout`
   */
  async ask<T>(
    doing: string,
    operation: (client: C, abort: AbortController) => Promise<T>,
    { abort = new AbortController(), moreMs = 0 }: AskOptions = {},
  ): Promise<T> {
    const { runtime, operationMs } = this.#deadline;
    try {
      return await within({ runtime, operationMs: operationMs + moreMs }, doing, () =>
        this.#use((client) => operation(client, abort)),
      );
    } catch (error) {
      abort.abort();
      throw error;
    }
  }

  async #use<T>(operation: (client: C) => Promise<T>): Promise<T> {
    const client = this.current;
    try {
      return await operation(client);
    } catch (error) {
      if (mapError(error, "").code !== "unauthorized") throw error;
      if (this.#current === client) this.#current = undefined;
      return await operation(this.current);
    }
  }
}

/** Options for {@link Client.ask}. */
export interface AskOptions {
  /** Ends the request. */
  readonly abort?: AbortController;
  /** How long the request may rightly take, beside the time of an operation. */
  readonly moreMs?: number;
}
