import type { QueueClient, QueueServiceClient } from "@azure/storage-queue";
import { within, type Deadline } from "../../src/transport/index.js";
import { mapError, mapFactoryError } from "./map-error.js";

/** The client of the moment: made anew when the service does not know its credentials any more, as when a key was changed. */
export class Clients {
  readonly #make: () => QueueServiceClient;
  #current: QueueServiceClient;

  /** @throws {WaybillError} what the factory threw, of class `config` unless it says what else it is */
  constructor(make: () => QueueServiceClient) {
    this.#make = () => {
      try {
        return make();
      } catch (error) {
        throw mapFactoryError(error);
      }
    };
    this.#current = this.#make();
  }

  queue(name: string, deadline: Deadline): Queue {
    return new Queue(this, name, deadline);
  }

  /** A request that was refused for its credentials did nothing: it is made once more with a client that has new ones. */
  async use<T>(operation: (client: QueueServiceClient) => Promise<T>): Promise<T> {
    const client = this.#current;
    try {
      return await operation(client);
    } catch (error) {
      if (mapError(error, "").code !== "unauthorized") throw error;
      if (this.#current === client) this.#current = this.#make();
      return await operation(this.#current);
    }
  }
}

/** A queue of the service. */
export class Queue {
  readonly name: string;
  readonly #clients: Clients;
  readonly #deadline: Deadline;

  constructor(clients: Clients, name: string, deadline: Deadline) {
    this.name = name;
    this.#clients = clients;
    this.#deadline = deadline;
  }

  /**
   * Asks the service for something, within the time that an operation has; an answer that comes later goes to `late`.
   *
   * @throws {WaybillError} what the SDK's error means; that of a queue that is not there names it, and says what to change
   */
  async ask<T>(
    doing: string,
    operation: (queue: QueueClient) => Promise<T>,
    late?: (outcome: T) => void,
  ): Promise<T> {
    const asked = (): Promise<T> =>
      this.#clients.use((client) => operation(client.getQueueClient(this.name)));
    try {
      return await within(this.#deadline, doing, asked, late);
    } catch (error) {
      throw mapError(error, doing, this.name);
    }
  }
}
