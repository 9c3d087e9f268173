import type { EventHubProducerClient } from "@azure/event-hubs";
import { within, withinAborting, type Deadline, type EndSignal } from "../../src/transport/index.js";
import { clientOptions } from "./client-options.js";

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
    this.#deadline = { ...deadline, operationMs: Math.min(deadline.operationMs, longestRequestMs) };
  }

  /** Runs a request of the client in its turn, within the deadline. */
  async run<T>(doing: string, request: Request<T>): Promise<T> {
    if (this.#running >= sideBySide) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await withinAborting(this.#deadline, doing, (signal) => request(this.client, signal));
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

/** What is asked of the client; `signal` tells it to give up. */
export type Request<T> = (client: EventHubProducerClient, signal: EndSignal) => Promise<T>;

/**
 * Less than the client's own limit in `clientOptions`: when that one ends a send whose link is gone, the SDK throws in a timer,
 * which ends the process.
 */
const longestRequestMs = 0.8 * clientOptions.retryOptions.timeoutInMs;

/** Requests that are under way at a time: fewer than the credit that the service gives a link. */
const sideBySide = 32;
