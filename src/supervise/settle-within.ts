import type { Runtime } from "../runtime/runtime.js";

/** Waits for `work`, but not longer than `limitMs`; its failure is not ours to report. */
export function settleWithin(runtime: Runtime, limitMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = runtime.after(limitMs, resolve);
    const end = (): void => {
      timer.cancel();
      resolve();
    };
    work.then(end, end);
  });
}
