import type { Runtime } from "../runtime/runtime.js";
import { within } from "../transport/within.js";

/** How long a store is waited for. */
export interface Patience {
  readonly runtime: Runtime;
  /** Milliseconds for one answer. */
  readonly operationMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * The outcome of a store's operation, or an error when it has none in time; the signal's reason when that fires. A later outcome
 * is consumed.
 */
export function answered<T>(patience: Patience, doing: string, operation: () => Promise<T>): Promise<T> {
  // A store of an application may throw before it promises.
  return unlessAborted(
    patience.signal,
    within(patience, doing, async () => operation()),
  );
}

/** @throws the signal's reason when that fires. */
function unlessAborted<T>(signal: AbortSignal | undefined, outcome: Promise<T>): Promise<T> {
  if (signal === undefined) return outcome;
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      reject(signal.reason as Error);
    };
    const end = (): void => {
      signal.removeEventListener("abort", abort);
    };
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    outcome.then(resolve, reject).finally(end);
  });
}
