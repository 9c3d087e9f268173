import type {
  ProcessErrorArgs,
  ServiceBusReceivedMessage,
  ServiceBusSessionReceiver,
} from "@azure/service-bus";
import type { TimerHandle } from "../../src/transport/index.js";
import type { MessageDelivery } from "./message-delivery.js";

/** Whom a held session tells. */
export interface SessionHost {
  message(session: HeldSession, message: ServiceBusReceivedMessage): void;
  /** The service took the session away, or its link broke. */
  lost(session: HeldSession, error: unknown): void;
}

/** A session that a receiver holds: nobody else gets its messages. Asks for messages as `Listener` does. */
export class HeldSession {
  readonly link: ServiceBusSessionReceiver;
  /** Here, and not settled; whether a handler has them or they wait to be asked for. */
  readonly open = new Set<MessageDelivery>();
  /** Runs while no handler has anything of the session. */
  idle: TimerHandle | undefined;
  /** Runs while the SDK would tell nobody of the loss of the session. */
  expiry: TimerHandle | undefined;
  ended = false;
  /** Something of it came. */
  brought = false;
  readonly #perLane: number;
  readonly #host: SessionHost;
  readonly #pending: (() => void)[] = [];
  #credit = 0;
  #listens = false;

  constructor(link: ServiceBusSessionReceiver, perLane: number, host: SessionHost) {
    this.link = link;
    this.#perLane = perLane;
    this.#host = host;
  }

  /** Whether it has asked for messages. Before that the SDK tells nobody that the session is lost. */
  get listens(): boolean {
    return this.#listens;
  }

  get id(): string {
    return this.link.sessionId;
  }

  get lockedUntilMs(): number {
    return this.link.sessionLockedUntilUtc.getTime();
  }

  /** Asks for as many messages as the session may have unsettled. */
  want(): void {
    if (this.ended) return;
    const room = this.#perLane - this.open.size;
    if (!this.#listens) {
      // The number of calls is fixed then: whoever has a deferred message of the session may have fewer of the others.
      if (room > 0) this.#subscribe(room);
      return;
    }
    while (this.#credit < room) {
      const end = this.#pending.shift();
      if (end === undefined) return;
      this.#credit += 1;
      end();
    }
  }

  /** Forgets what is here. Its link is closed by whoever ends it: that puts back what was not settled. */
  end(): readonly MessageDelivery[] {
    this.ended = true;
    this.idle?.cancel();
    this.expiry?.cancel();
    this.#pending.length = 0;
    const left = [...this.open];
    this.open.clear();
    return left;
  }

  #subscribe(calls: number): void {
    this.#listens = true;
    this.#credit = calls;
    this.link.subscribe(
      {
        processMessage: (message) => this.#process(message),
        processError: (args) => {
          this.#failed(args);
          return Promise.resolve();
        },
      },
      { autoCompleteMessages: false, maxConcurrentCalls: calls },
    );
  }

  #process(message: ServiceBusReceivedMessage): Promise<void> {
    this.#credit -= 1;
    // One that is given up meanwhile never ends its callback, which is forgotten with the link.
    const ended = new Promise<void>((end) => this.#pending.push(end));
    this.brought = true;
    if (!this.ended) this.#host.message(this, message);
    return ended;
  }

  /** Of `processMessageCallback` is the SDK's complaint that the link for the next credit is gone. */
  #failed({ error, errorSource }: ProcessErrorArgs): void {
    if (errorSource === "receive" || errorSource === "processMessageCallback") this.#host.lost(this, error);
  }
}
