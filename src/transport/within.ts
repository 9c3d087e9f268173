import { WaybillError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";

/** A limit for operations of a service's client that they cannot miss. */
export interface Deadline {
  readonly runtime: Runtime;
  /** Milliseconds for one operation. */
  readonly operationMs: number;
}

/**
 * The outcome of an operation of a service's client, or `timeout` when it has none in time. A later outcome is consumed, and
 * handed to `late`, so that nothing it brings is lost.
 *
 * @throws {WaybillError} `timeout`; otherwise what the operation threw.
 */
export function within<T>(
  { runtime, operationMs }: Deadline,
  doing: string,
  operation: () => Promise<T>,
  late?: (outcome: T) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let over = false;
    const timer = runtime.after(operationMs, () => {
      over = true;
      reject(
        new WaybillError("timeout", `${doing}: the service's client has not answered for ${operationMs} ms`),
      );
    });
    operation().then(
      (outcome) => {
        timer.cancel();
        if (over) late?.(outcome);
        else resolve(outcome);
      },
      (error: unknown) => {
        timer.cancel();
        if (!over) reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** What a service's client needs to know of a signal. */
export interface EndSignal {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: EndListener): void;
  removeEventListener(type: "abort", listener: EndListener): void;
}

type EndListener = (this: EndSignal, event: unknown) => void;

/**
 * The same for an operation that can be told to end: it is when its time is over. Where a service's client does one thing after
 * the other, what nobody waits for any more would keep all others waiting.
 */
export function withinAborting<T>(
  deadline: Deadline,
  doing: string,
  operation: (signal: EndSignal) => Promise<T>,
  late?: (outcome: T) => void,
): Promise<T> {
  const signal = new Signal();
  return within(deadline, doing, () => operation(signal), late).catch((error: unknown) => {
    signal.abort();
    throw error;
  });
}

/** Unlike the platform's signal, whose listener ends the process when it throws: those of clients do, on links that are gone. */
class Signal implements EndSignal {
  readonly #listeners = new Set<EndListener>();
  aborted = false;

  addEventListener(_type: "abort", listener: EndListener): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: "abort", listener: EndListener): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of [...this.#listeners]) {
      try {
        listener.call(this, { type: "abort" });
      } catch {
        // It has no effect then, and the operation ends by the client's own limit.
      }
    }
    this.#listeners.clear();
  }
}
