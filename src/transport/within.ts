import { WaybillError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { Deadlines, Limited } from "./deadlines.js";

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
  deadline: Deadline,
  doing: string,
  operation: () => Promise<T>,
  late?: (outcome: T) => void,
): Promise<T> {
  const open = deadlinesOf(deadline);
  return new Promise((resolve, reject) => {
    const outcome = operation();
    const awaited = new Awaited(deadline.operationMs, doing, reject);
    open.begin(awaited);
    outcome.then(
      (value) => {
        if (open.end(awaited)) resolve(value);
        else late?.(value);
      },
      (error: unknown) => {
        if (open.end(awaited)) reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

class Awaited extends Limited {
  readonly #limitMs: number;
  readonly #doing: string;
  readonly #reject: (error: WaybillError) => void;

  constructor(limitMs: number, doing: string, reject: (error: WaybillError) => void) {
    super();
    this.#limitMs = limitMs;
    this.#doing = doing;
    this.#reject = reject;
  }

  override expire(): void {
    this.#reject(
      new WaybillError(
        "timeout",
        `${this.#doing}: the service's client has not answered for ${String(this.#limitMs)} ms`,
      ),
    );
  }
}

/** What waits for each deadline. One that is made for one operation is forgotten with it. */
const waiting = new WeakMap<Deadline, Deadlines>();

function deadlinesOf(deadline: Deadline): Deadlines {
  const known = waiting.get(deadline);
  if (known !== undefined) return known;
  const made = new Deadlines(deadline.runtime, deadline.operationMs);
  waiting.set(deadline, made);
  return made;
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
