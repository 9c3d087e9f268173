import type { EventHubProducerClient } from "@azure/event-hubs";
import { within, type Deadline } from "../../src/transport/index.js";

/**
 * The one client by which a service sends to a hub. Its requests wait here for their turn: the SDK has no queue, and
 * refuses a request as soon as the credit of its link is used up.
 */
export class HubProducer {
  readonly client: EventHubProducerClient;
  readonly #deadline: Deadline;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #users = 0;

  constructor(client: EventHubProducerClient, deadline: Deadline) {
    this.client = client;
    this.#deadline = deadline;
  }

  /** Runs a request of the client in its turn, within the deadline. */
  async run<T>(doing: string, request: (client: EventHubProducerClient) => Promise<T>): Promise<T> {
    if (this.#running >= sideBySide) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await within(this.#deadline, doing, () => request(this.client));
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** One sender more uses it. */
  use(): void {
    this.#users += 1;
  }

  /** One sender less; answers whether none is left. */
  leave(): boolean {
    this.#users -= 1;
    return this.#users === 0;
  }

  async close(closing: Deadline): Promise<void> {
    await within(closing, "cannot close a client", () => this.client.close()).catch(() => undefined);
  }
}

/** Requests that are under way at a time: fewer than the credit that the service gives a link. */
const sideBySide = 32;
