import { WaybillError } from "../errors.js";
import type { TimerHandle } from "../runtime/runtime.js";
import type { Patience } from "./patience.js";

/** How something that may take any time says that it goes on. */
export interface Progress {
  /** Something was done. */
  made(): void;
  /** Somebody else has to do something first: their time does not count. */
  waiting(): void;
}

/**
 * The outcome of an operation of any length, or an error when it makes no progress for as long as patience lasts: it is told by
 * its signal then, as when the caller's signal fires. A later outcome is consumed.
 *
 * @throws {WaybillError} `timeout`; the signal's reason; otherwise what the operation threw
 */
export function unlessStill<T>(
  { runtime, operationMs, signal }: Patience,
  doing: string,
  operation: (progress: Progress, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const own = new AbortController();
    let timer: TimerHandle | undefined;
    let over = false;
    const end = (): void => {
      over = true;
      timer?.cancel();
      signal?.removeEventListener("abort", abort);
    };
    const give = (error: Error): void => {
      if (over) return;
      end();
      reject(error);
      own.abort(error);
    };
    const abort = (): void => {
      give(signal?.reason as Error);
    };
    const waiting = (): void => timer?.cancel();
    const made = (): void => {
      waiting();
      if (over) return;
      timer = runtime.after(operationMs, () => {
        give(new WaybillError("timeout", `${doing}: nothing was taken for ${String(operationMs)} ms`));
      });
    };
    signal?.addEventListener("abort", abort, { once: true });
    made();
    if (signal?.aborted === true) abort();
    // A store of an application may throw before it promises.
    (async () => operation({ made, waiting }, own.signal))().then(
      (outcome) => {
        end();
        resolve(outcome);
      },
      (error: unknown) => {
        give(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}
