import type { Messages } from "../contracts/channel.js";
import type { HeaderValue } from "../message/envelope.js";
import type { Backoff } from "../policy/backoff.js";
import type { Duration } from "../runtime/duration.js";
import type { Inbox } from "../store/inbox.js";
import type { Others } from "./handlers.js";
import type { Received } from "./received.js";

/** Options that every consumer has. */
export interface ConsumerOptions<M extends Messages = Messages> {
  /** Handlers at a time: 1 to 1,000. On ordered channels, keys at a time. Default 10. */
  readonly concurrency?: number;
  readonly retry?: RetryOptions;
  /**
   * Handles a message again only if its first handling is not known to have succeeded. Needs `idempotency` in the
   * options of `run()`. Default false.
   */
  readonly idempotent?: boolean | IdempotencyOptions<M>;
  /**
   * How long one handler run may take. While it runs its lock is renewed; then `ctx.signal` fires, the slot is freed
   * and the message is delivered again when its lock ends. Default 5 m.
   */
  readonly maxLockRenewal?: Duration;
  /** How long a message of a version newer than any known waits for a newer service. Default 10 m. */
  readonly versionPatience?: Duration;
}

/** How failures are repeated. */
export interface RetryOptions {
  /** Handler runs in all, the first included: 1 to 1,000. Default 7. */
  readonly attempts?: number;
  /** Runs that may follow a transient failure at once, without a delay: 0 to 3. Default 1. */
  readonly immediate?: number;
  /** The delay before each further run. Default 10 s, 30 s, 2 m, 10 m, 30 m, 2 h, each with full jitter. */
  readonly backoff?: Backoff;
  /** Errors that dead-letter at once: classes, compared with `instanceof`. Default none. */
  readonly giveUpOn?: readonly ErrorType[];
  /** On an ordered channel: how long one message may hold back its key before it is put back. Default 5 m. */
  readonly maxHold?: Duration;
}

/** An error class. */
export type ErrorType = abstract new (...args: never) => unknown;

/** How handled messages are remembered. */
export interface IdempotencyOptions<M extends Messages = Messages> {
  /** How long: at least as long as a message may be delivered again, dead letters included. Default 7 d. */
  readonly retention?: Duration;
  /** How long a claim lasts without renewal: after a crash, the message waits this long. Default 1 m. */
  readonly lease?: Duration;
  /** What makes two messages the same. Default: their source and id. */
  readonly key?: (message: Received<M[keyof M]>) => string;
}

/** Options of `.consume()`. */
export interface QueueOptions<M extends Messages, Tx> extends ConsumerOptions<M> {
  /** Runs each handler in a transaction with its claim and its sends; adds `ctx.tx`. Excludes `idempotent`. */
  readonly inbox?: Inbox<Tx>;
}

/** Options of `.subscribe()`. */
export interface SubscribeOptions<M extends Messages, Tx, Oth> extends QueueOptions<M, Tx> {
  /** The subscription's name. Default: the service's. */
  readonly as?: string;
  /** What becomes of messages that the handler map does not name. Default: the map names all. */
  readonly others?: Oth & Others;
}

/** Options of `.read()`. */
export interface ReadOptions<M extends Messages, Tx, Oth> extends QueueOptions<M, Tx> {
  /** The consumer group's name. Default: the service's. */
  readonly as?: string;
  /** What becomes of events that the handler map does not name. Default: the map names all. */
  readonly others?: Oth & Others;
  /** Where a group without a checkpoint begins. Default `"earliest"`. */
  readonly startFrom?: "earliest" | "latest" | { readonly after: Date };
  /** How often progress is stored: after so many events, or so much time. Default 100 events or 5 s. */
  readonly checkpoint?: { readonly events?: number; readonly interval?: Duration };
}

/** Options of `.listen()`. */
export interface ListenOptions<M extends Messages, Oth> extends ConsumerOptions<M> {
  /** The listener's name. Default: the service's. */
  readonly as?: string;
  /** What becomes of notifications that the handler map does not name. Default: the map names all. */
  readonly others?: Oth & Others;
  /** Only notifications whose key begins so. */
  readonly keyBeginsWith?: string;
  /** Only notifications whose key ends so. */
  readonly keyEndsWith?: string;
  /** Only notifications whose headers have all these values. */
  readonly where?: Readonly<Record<string, HeaderValue>>;
}

/** How batches are formed. */
export interface BatchOptions {
  /** The most messages of one batch: 1 to 1,000. Default 100. */
  readonly maxBatch?: number;
  /** How long a batch waits to fill after its first message. Default 100 ms. */
  readonly maxWait?: Duration;
}
