import { isWaybillError, WaybillError } from "../errors.js";
import { withHint } from "../policy/backoff.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { Delivery } from "../transport/transport.js";
import type { Consumer } from "./environment.js";

/** What an intake is for. */
export interface IntakeHost {
  received(deliveries: readonly Delivery[]): void;
  /** After a failure: it is time to ask again. */
  wanted(): void;
}

/** Asks a receiver for deliveries: one request at a time, after a failure with growing pauses. */
export class Intake {
  readonly #consumer: Consumer;
  readonly #host: IntakeHost;
  readonly #stop = new AbortController();
  #polling = new AbortController();
  #paused = false;
  #receiving: Promise<void> | undefined;
  #failures = 0;
  #retryTimer: TimerHandle | undefined;

  constructor(consumer: Consumer, host: IntakeHost) {
    this.#consumer = consumer;
    this.#host = host;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** Fires when nothing is taken in any more. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Stops asking, also with a request that is under way. */
  pause(): void {
    this.#paused = true;
    this.#polling.abort();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#polling = new AbortController();
    this.#host.wanted();
  }

  /** Stops asking for good. */
  stop(): void {
    this.#stop.abort();
    this.#polling.abort();
    this.#retryTimer?.cancel();
  }

  /** The end of the request that is under way: until then it may still bring something. */
  get receiving(): Promise<void> | undefined {
    return this.#receiving;
  }

  /** Asks for up to `max` deliveries, unless it asks already or must not. */
  ask(max: number): void {
    if (this.#receiving !== undefined || this.#retryTimer !== undefined) return;
    if (max <= 0 || this.#paused || this.#stop.signal.aborted) return;
    const { receiver, runtime, source, spec } = this.#consumer;
    try {
      const got = runtime.port("receive", source.address, spec.as, () =>
        receiver.receive(max, this.#polling.signal),
      );
      if (got instanceof Promise) this.#receiving = this.#received(got);
      else this.#take(got);
    } catch (error) {
      this.#failed(error);
    }
  }

  #received(late: Promise<readonly Delivery[]>): Promise<void> {
    return late.then(
      (deliveries) => {
        this.#receiving = undefined;
        this.#take(deliveries);
      },
      (error: unknown) => {
        this.#receiving = undefined;
        this.#failed(error);
      },
    );
  }

  #take(deliveries: readonly Delivery[]): void {
    this.#failures = 0;
    if (deliveries.length > 0) this.#host.received(deliveries);
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    const { runtime, spec, service, emit } = this.#consumer;
    this.#failures += 1;
    const pauseMs =
      Math.min(30_000, 500 * 2 ** Math.min(this.#failures, 6)) * (0.5 + runtime.random("receive") / 2);
    const retryInMs = withHint(pauseMs, isWaybillError(error) ? error.retryAfterMs : undefined);
    const failure =
      error instanceof Error
        ? error
        : new WaybillError("transportFailed", "the transport's receiver failed", { cause: error });
    const place = { service, channel: spec.channel.name, kind: spec.channel.kind, as: spec.as };
    emit?.({ event: "receiveFailed", error: failure, retryInMs, ...place });
    this.#retryTimer = runtime.after(retryInMs, () => {
      this.#retryTimer = undefined;
      this.#host.wanted();
    });
  }
}
