import type { ProcessErrorArgs, ServiceBusReceivedMessage, ServiceBusReceiver } from "@azure/service-bus";
import type { Deadline } from "../../src/transport/index.js";
import { closed } from "./closing.js";
import { closeQuietly } from "./quiet-close.js";

/** Whom a listener tells. */
export interface ListenerHost {
  message(listener: Listener, message: ServiceBusReceivedMessage): void;
  /** The link could not be made, or broke; the SDK tries again by itself until the listener is ended. */
  failed(listener: Listener, error: unknown): void;
}

/**
 * A receiver of the SDK's that pushes exactly as many messages as were asked for.
 *
 * The SDK grants `maxConcurrentCalls` credits when it begins to listen, a number that is fixed when its link is made, and
 * one more whenever one of its callbacks ends. So callbacks are kept pending, whatever becomes of their messages, and end
 * when somebody asks for more.
 */
export class Listener {
  readonly receiver: ServiceBusReceiver;
  /** The most messages that can be asked for at a time. */
  readonly calls: number;
  /** Messages that came over its link and are not settled. */
  unsettled = 0;
  readonly #deadline: Deadline;
  readonly #host: ListenerHost;
  readonly #pending: (() => void)[] = [];
  #credit = 0;
  #subscription: { close(): Promise<void> } | undefined;
  #over = false;

  constructor(receiver: ServiceBusReceiver, calls: number, deadline: Deadline, host: ListenerHost) {
    this.receiver = receiver;
    this.calls = calls;
    this.#deadline = deadline;
    this.#host = host;
  }

  /** What the service may still push. */
  get credit(): number {
    return this.#credit;
  }

  /** Whether it can ask for `max` messages, and no more. */
  fits(max: number): boolean {
    if (this.#over) return false;
    return this.#subscription === undefined ? this.calls === max : this.calls >= max;
  }

  /** Asks for `max` messages in all, with those that were asked for and have not come. */
  want(max: number): void {
    if (this.#subscription === undefined) this.#subscribe();
    else for (let more = max - this.#credit; more > 0; more -= 1) this.#endOne();
  }

  /** Asks for nothing any more. What was on its way has come when this resolves. */
  async stop(): Promise<void> {
    const subscription = this.#subscription;
    if (subscription === undefined) return;
    this.#subscription = undefined;
    this.#credit = 0;
    const stopping = this.#stopped(subscription);
    // The SDK is suspended by now: the ends of callbacks grant no credit.
    for (const end of this.#pending.splice(0)) end();
    await stopping;
  }

  /** A subscription that does not end in time may swallow what a later one of the same receiver asks for. */
  async #stopped(subscription: { close(): Promise<void> }): Promise<void> {
    let ended = false;
    closeQuietly(this.receiver);
    await closed(this.#deadline, "stop listening", async () => {
      await subscription.close();
      ended = true;
    });
    if (!ended) this.#over = true;
  }

  /** Stops and closes the link. May be called again, where the connection was down at the first time. */
  async close(): Promise<void> {
    this.#over = true;
    await this.stop();
    closeQuietly(this.receiver);
    await closed(this.#deadline, "close a receiver", () => this.receiver.close());
  }

  #subscribe(): void {
    this.#credit = this.calls;
    this.#subscription = this.receiver.subscribe(
      {
        processMessage: (message) => this.#process(message),
        processError: (args) => {
          this.#failed(args);
          return Promise.resolve();
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: this.calls },
    );
  }

  #process(message: ServiceBusReceivedMessage): Promise<void> {
    this.unsettled += 1;
    this.#credit = Math.max(0, this.#credit - 1);
    const listens = this.#subscription !== undefined;
    const ended = new Promise<void>((end) => {
      if (listens) this.#pending.push(end);
      else end();
    });
    this.#host.message(this, message);
    return ended;
  }

  #failed({ error, errorSource }: ProcessErrorArgs): void {
    if (errorSource === "receive" && this.#subscription !== undefined) this.#host.failed(this, error);
  }

  #endOne(): void {
    const end = this.#pending.shift();
    if (end === undefined) return;
    this.#credit += 1;
    end();
  }
}
