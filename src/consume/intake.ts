import { isWaybillError, WaybillError } from "../errors.js";
import { withHint } from "../policy/backoff.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { Delivery } from "../transport/transport.js";
import type { Consumer } from "./environment.js";

/** What an intake is for. */
export interface IntakeHost {
  received(deliveries: readonly Delivery[]): void;
  /** It is time to ask, as far as there is room. */
  wanted(): void;
}

/** Asks a receiver for deliveries: one request at a time, after a failure with growing pauses. */
export class Intake {
  readonly #consumer: Consumer;
  readonly #host: IntakeHost;
  readonly #stop = new AbortController();
  #polling = new AbortController();
  #paused = false;
  #receiving: Receiving | undefined;
  #failures = 0;
  #failure: Error | undefined;
  /** When the request began that is under way. */
  #askedMs = 0;
  /** When it began or ceased to fail, or to be paused; wall clock. */
  #changedMs: number;
  /** Called once when something comes. */
  #whenTaken: (() => void) | undefined;
  /** The most to ask for at a time. */
  #most = Infinity;
  #held = false;
  readonly #abandoned = new Set<Promise<void>>();
  #retryTimer: TimerHandle | undefined;

  constructor(consumer: Consumer, host: IntakeHost) {
    this.#consumer = consumer;
    this.#host = host;
    this.#changedMs = consumer.runtime.now();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Why it fails. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  get changedMs(): number {
    return this.#changedMs;
  }

  /** For how long a request has been under way, in milliseconds; nothing if none is. */
  get waitingMs(): number | undefined {
    return this.#receiving === undefined ? undefined : this.#consumer.runtime.elapsed() - this.#askedMs;
  }

  /** Calls `run` once, when something comes. */
  whenTaken(run: () => void): void {
    this.#whenTaken = run;
  }

  /** It is known from elsewhere that the source can be read. */
  clearFailures(): void {
    if (this.#failures === 0) return;
    this.#failures = 0;
    this.#failure = undefined;
    this.#changedMs = this.#consumer.runtime.now();
  }

  /** Asks for at most `most` deliveries at a time from now on. */
  limit(most: number): void {
    this.#most = most;
  }

  /**
   * Gives up the request that is under way, and asks again when it is told to {@link goOn}. What the request still brings is
   * the caller's.
   */
  abandon(): Promise<readonly Delivery[]> | undefined {
    const abandoned = this.#receiving;
    this.#receiving = undefined;
    this.#held = true;
    this.#polling.abort();
    return abandoned?.late;
  }

  goOn(): void {
    this.#held = false;
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
    this.#askAnew();
  }

  /** Fires when nothing is taken in any more. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops asking, also with a request that is under way. */
  pause(): void {
    if (!this.#paused) this.#changedMs = this.#consumer.runtime.now();
    this.#paused = true;
    this.#polling.abort();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#changedMs = this.#consumer.runtime.now();
    this.#askAnew();
  }

  /** Stops asking for good. */
  stop(): void {
    this.#stop.abort();
    this.#polling.abort();
    this.#retryTimer?.cancel();
  }

  /** The end of what is under way: until then it may still bring something. */
  get receiving(): Promise<unknown> {
    return Promise.all([this.#receiving?.ended, ...this.#abandoned]);
  }

  /** Makes `ended` part of what is under way: an abandoned request that may still bring something. */
  await(ended: Promise<void>): void {
    this.#abandoned.add(ended);
    void ended.finally(() => this.#abandoned.delete(ended));
  }

  /** Asks for up to `max` deliveries, unless it must not. One request is under way at a time: it is raised if it can be. */
  ask(max: number): void {
    if (this.#receiving !== undefined) {
      this.#raise(this.#receiving, Math.min(max, this.#most));
      return;
    }
    if (this.#retryTimer !== undefined) return;
    if (max <= 0 || this.#paused || this.#held || this.#stop.signal.aborted) return;
    const { receiver, runtime, source, spec } = this.#consumer;
    const polling = this.#polling;
    try {
      const got = runtime.port("receive", source.address, spec.as, () =>
        // Given up before it began, it must not take what its successor will ask for.
        this.#held || polling !== this.#polling
          ? nothing
          : receiver.receive(Math.min(max, this.#most), polling.signal),
      );
      if (got instanceof Promise) this.#await(got, max, polling);
      else this.#take(got);
    } catch (error) {
      this.#failed(error);
    }
  }

  #raise(receiving: Receiving, max: number): void {
    if (max <= receiving.max || receiving.polling.signal.aborted) return;
    receiving.max = max;
    this.#consumer.receiver.raise?.(max);
  }

  #await(late: Promise<readonly Delivery[]>, max: number, polling: AbortController): void {
    const receiving: Receiving = { late, max, polling, ended: undefined };
    this.#receiving = receiving;
    this.#askedMs = this.#consumer.runtime.elapsed();
    receiving.ended = late.then(
      (deliveries) => {
        if (this.#receiving !== receiving) return;
        this.#receiving = undefined;
        this.#take(deliveries);
        // Whoever wanted more meanwhile found it waiting: it was paused and resumed, or what came was lost on the way.
        if (deliveries.length === 0) this.#host.wanted();
      },
      (error: unknown) => {
        if (this.#receiving !== receiving) return;
        this.#receiving = undefined;
        this.#failed(error);
      },
    );
  }

  #take(deliveries: readonly Delivery[]): void {
    if (this.#failures > 0) this.clearFailures();
    if (deliveries.length === 0) return;
    this.#host.received(deliveries);
    const tell = this.#whenTaken;
    this.#whenTaken = undefined;
    tell?.();
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { runtime, spec, service, emit } = this.#consumer;
    if (this.#failures === 0) this.#changedMs = runtime.now();
    this.#failures += 1;
    // Nobody asks until the pause is over: what the receiver holds meanwhile, such as idle sessions, is for others.
    this.#polling.abort();
    const pauseMs =
      Math.min(30_000, 500 * 2 ** Math.min(this.#failures, 6)) * (0.5 + runtime.random("receive") / 2);
    const retryInMs = withHint(pauseMs, isWaybillError(error) ? error.retryAfterMs : undefined);
    const failure =
      error instanceof Error
        ? error
        : new WaybillError("transportFailed", "the transport's receiver failed", { cause: error });
    const place = { service, channel: spec.channel.name, kind: spec.channel.kind, as: spec.as };
    this.#failure = failure;
    emit?.({ event: "receiveFailed", error: failure, retryInMs, ...place });
    this.#retryTimer = runtime.after(retryInMs, () => {
      this.#retryTimer = undefined;
      this.#askAnew();
    });
  }

  #askAnew(): void {
    if (!this.#paused && !this.#stop.signal.aborted) this.#polling = new AbortController();
    this.#host.wanted();
  }
}

const nothing: readonly Delivery[] = [];

/** A request that is under way. */
interface Receiving {
  readonly late: Promise<readonly Delivery[]>;
  /** How many it may bring. */
  max: number;
  /** What gives it up. */
  readonly polling: AbortController;
  ended: Promise<void> | undefined;
}
