import type {
  EventHubConsumerClient,
  EventPosition,
  ReceivedEventData,
  Subscription,
} from "@azure/event-hubs";
import { within, type Deadline, type Runtime } from "../../src/transport/index.js";

/** What a partition's events come to. */
export interface PartitionSink {
  /** Takes events, or hears that there are none; the promise ends when there is room for `batch` more. */
  events(events: readonly ReceivedEventData[]): Promise<void>;
  /** It cannot be read; nothing more comes until it is started again. */
  failed(error: unknown): void;
}

/** How a partition is read. */
export interface ReadingOptions {
  /** Events that are handed out at a time. */
  readonly batch: number;
  /** Events that the SDK may fetch ahead. */
  readonly prefetch: number;
  /** Milliseconds after which silence is told, and a broken connection noticed. */
  readonly silenceMs: number;
}

/**
 * Reads one partition by the SDK's `subscribe`, whose pending `processEvents` is the back-pressure.
 *
 * The SDK asks the service for `prefetch` more events whenever its own queue ran short, whatever it had asked for before, so
 * that a slow partition's credit grows without end and a later burst fills the memory. The reader counts, and begins
 * anew where it is before too many could be under way.
 */
export class PartitionReader {
  readonly #client: EventHubConsumerClient;
  readonly #partition: string;
  readonly #sink: PartitionSink;
  readonly #options: ReadingOptions;
  readonly #runtime: Runtime;
  readonly #closing: Deadline;
  #position: EventPosition;
  #current: Current | undefined;
  #stopping: Promise<void> = Promise.resolve();

  constructor(
    client: EventHubConsumerClient,
    partition: string,
    position: EventPosition,
    parts: {
      readonly sink: PartitionSink;
      readonly options: ReadingOptions;
      readonly runtime: Runtime;
      readonly closing: Deadline;
    },
  ) {
    this.#client = client;
    this.#partition = partition;
    this.#position = position;
    this.#sink = parts.sink;
    this.#options = parts.options;
    this.#runtime = parts.runtime;
    this.#closing = parts.closing;
  }

  get running(): boolean {
    return this.#current !== undefined;
  }

  /** Begins to read, behind the last event that was handed out. */
  start(): void {
    if (this.#current !== undefined) return;
    const current: Current = { subscription: undefined, waitsSinceMs: undefined, underWay: 0, atOnce: false };
    this.#current = current;
    // One subscription per partition: the SDK refuses a second one until the first is closed.
    void this.#stopping.then(() => {
      if (this.#current === current) this.#subscribe(current);
    });
  }

  /** Begins to read elsewhere. */
  async restart(position: EventPosition): Promise<void> {
    const stopped = this.stop();
    this.#position = position;
    this.start();
    await stopped;
  }

  /**
   * Begins anew if the SDK has said neither that there are events nor that there are none for so many milliseconds. Where a
   * connection breaks while the SDK makes a link, it may wait for a minute.
   */
  restartIfMute(ms: number): void {
    const sinceMs = this.#current?.waitsSinceMs;
    if (sinceMs === undefined || this.#runtime.elapsed() - sinceMs < ms) return;
    void this.stop();
    this.start();
  }

  /** Stops reading. Bounded by the deadline. */
  stop(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    if (current?.subscription === undefined) return this.#stopping;
    const { subscription } = current;
    this.#stopping = within(this.#closing, "cannot stop reading", () => subscription.close()).catch(
      () => undefined,
    );
    return this.#stopping;
  }

  #subscribe(current: Current): void {
    const { batch, prefetch, silenceMs } = this.#options;
    current.waitsSinceMs = this.#runtime.elapsed();
    try {
      current.subscription = this.#client.subscribe(
        this.#partition,
        {
          processEvents: (events) => this.#events(current, events),
          processError: (error) => {
            if (this.#current === current) {
              void this.stop();
              this.#sink.failed(error);
            }
            return Promise.resolve();
          },
        },
        {
          startPosition: this.#position,
          maxBatchSize: batch,
          prefetchCount: prefetch,
          maxWaitTimeInSeconds: silenceMs / 1_000,
          // Any but 0, which the SDK takes for none: one reader per partition and group, the newest.
          ownerLevel: 1,
          skipParsingBodyAsJson: true,
        },
      );
    } catch (error) {
      this.#current = undefined;
      this.#sink.failed(error);
    }
  }

  async #events(current: Current, events: readonly ReceivedEventData[]): Promise<void> {
    if (this.#current !== current) return;
    const last = events.at(-1);
    const before = this.#position;
    if (last !== undefined) this.#position = { sequenceNumber: last.sequenceNumber, isInclusive: false };
    // What comes before the event loop has turned lay in the SDK's queue, which then asked for nothing.
    const asked = current.atOnce ? 0 : this.#options.prefetch;
    current.waitsSinceMs = undefined;
    current.underWay = Math.max(0, current.underWay + asked - events.length);
    try {
      await this.#sink.events(events);
    } catch (error) {
      // They were not taken: they are read again.
      if (this.#current === current) this.#position = before;
      throw error;
    } finally {
      current.waitsSinceMs = this.#runtime.elapsed();
    }
    if (this.#current !== current) return;
    if (current.underWay > this.#options.prefetch * creditFactor) {
      void this.stop();
      this.start();
      return;
    }
    current.atOnce = true;
    this.#runtime.defer(() => {
      current.atOnce = false;
    });
  }
}

interface Current {
  subscription: Subscription | undefined;
  /** Since when the SDK owes a word, by the monotonic clock; not while it has to wait itself. */
  waitsSinceMs: number | undefined;
  /** The most events that may be under way, as far as can be told from outside. */
  underWay: number;
  atOnce: boolean;
}

/** How many times `prefetch` may be under way before the link is made anew. */
const creditFactor = 16;
