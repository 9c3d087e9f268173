import type { ServiceBusClient } from "@azure/service-bus";
import type { Deadline } from "../../src/transport/index.js";
import { closed } from "./closing.js";

/** The use of a client, by one sender or receiver. */
export interface ClientLease {
  readonly client: ServiceBusClient;
  /** It is not used any more. Resolves when the client is closed, if that is what follows. Idempotent. */
  release(): Promise<void>;
}

/**
 * The clients of one connection: one that is shared, earlier ones for as long as something of them is in use, and those that
 * one receiver has for itself. A client holds one AMQP connection.
 */
export class Clients {
  readonly #make: () => ServiceBusClient;
  readonly #deadline: Deadline;
  readonly #users = new Map<ServiceBusClient, number>();
  #shared: ServiceBusClient;

  /** @throws what the factory throws */
  constructor(make: () => ServiceBusClient, deadline: Deadline) {
    this.#make = make;
    this.#deadline = deadline;
    this.#shared = make();
    this.#users.set(this.#shared, 0);
  }

  get shared(): ServiceBusClient {
    return this.#shared;
  }

  /** @throws what the factory throws */
  lease(apart = false): ClientLease {
    const client = apart ? this.#make() : this.#shared;
    this.#users.set(client, (this.#users.get(client) ?? 0) + 1);
    let used = true;
    return {
      client,
      release: async () => {
        if (!used) return;
        used = false;
        this.#users.set(client, (this.#users.get(client) ?? 1) - 1);
        await this.#closeUnused(client);
      },
    };
  }

  /** What is leased from now on is of a new client. @throws what the factory throws; then nothing has changed */
  recycle(): void {
    const old = this.#shared;
    this.#shared = this.#make();
    this.#users.set(this.#shared, 0);
    void this.#closeUnused(old);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#users.keys()].map((client) => this.#close(client)));
  }

  async #closeUnused(client: ServiceBusClient): Promise<void> {
    if (client !== this.#shared && this.#users.get(client) === 0) await this.#close(client);
  }

  async #close(client: ServiceBusClient): Promise<void> {
    if (!this.#users.delete(client)) return;
    await closed(this.#deadline, "close a client", () => client.close());
  }
}
