import { WaybillError } from "../errors.js";
import type { Delivery } from "./transport.js";

/**
 * Where a service that pushes meets a core that pulls: what comes is kept in order until somebody asks, and whoever asks
 * first is answered with the first to come.
 */
export class Handoff<D extends Delivery> {
  #kept: D[] = [];
  #waiting: Waiting<D> | undefined;
  /** What the next receive is to be told, when nobody waited for it. */
  #failure: WaybillError | undefined;

  get waiting(): boolean {
    return this.#waiting !== undefined;
  }

  /** What came together is handed over together. */
  push(...deliveries: readonly D[]): void {
    if (deliveries.length === 0) return;
    for (const delivery of deliveries) this.#kept.push(delivery);
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#end();
    waiting.resolve(this.#kept.splice(0, waiting.max));
  }

  /** Fails the receive that waits, or the next one that finds nothing. */
  fail(error: WaybillError): void {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      this.#failure = error;
      return;
    }
    this.#end();
    waiting.reject(error);
  }

  /**
   * Up to `max`: at once if something is there, else a promise of the first to come, or of none when `signal` fires.
   * @throws {WaybillError} what {@link fail} was told; `invalidOption` if a receive waits already.
   */
  receive(max: number, signal: AbortSignal, aborted: () => void): readonly D[] | Promise<readonly D[]> {
    if (this.#kept.length > 0) return this.#kept.splice(0, max);
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure;
    if (signal.aborted) return [];
    if (this.#waiting !== undefined) {
      throw new WaybillError("invalidOption", "a receive of this receiver waits already: await it first");
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => {
        this.#end();
        resolve([]);
        aborted();
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting = { max, resolve, reject, signal, onAbort };
    });
  }

  /** The receive that waits takes up to `max` from now on. Answers whether that is more than it did. */
  raise(max: number): boolean {
    if (this.#waiting === undefined || this.#waiting.max >= max) return false;
    this.#waiting.max = max;
    return true;
  }

  /** Asks the service for what the receive waits for: what `asking` throws at once fails it, or it would wait on, for nobody. */
  ask(asking: () => void, meaning: (error: unknown) => WaybillError): void {
    try {
      asking();
    } catch (error) {
      this.fail(meaning(error));
    }
  }

  /** Answers a receive that waits with nothing, and returns what nobody has taken. */
  close(): readonly D[] {
    const waiting = this.#waiting;
    if (waiting !== undefined) {
      this.#end();
      waiting.resolve([]);
    }
    return this.#kept.splice(0);
  }

  /** Takes back what nobody has taken. */
  takeBack(): readonly D[] {
    return this.#kept.splice(0);
  }

  /** Forgets those that `gone` says are lost. */
  forget(gone: (delivery: D) => boolean): void {
    this.#kept = this.#kept.filter((delivery) => !gone(delivery));
  }

  #end(): void {
    this.#waiting?.signal.removeEventListener("abort", this.#waiting.onAbort);
    this.#waiting = undefined;
  }
}

interface Waiting<D> {
  max: number;
  readonly resolve: (deliveries: readonly D[]) => void;
  readonly reject: (error: WaybillError) => void;
  readonly signal: AbortSignal;
  readonly onAbort: () => void;
}
