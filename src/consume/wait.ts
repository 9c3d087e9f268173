import type { Work } from "../runtime/activity.js";
import type { DeliveryRun } from "./delivery-run.js";
import type { Runtime } from "../runtime/runtime.js";

/**
 * Waits for `delayMs`, or until `until` has ended. Ends early when the run is told to end, or when its service stops;
 * virtual time passes meanwhile. Never rejects.
 */
export function waitInPlace(
  runtime: Runtime,
  run: DeliveryRun,
  delayMs: number,
  until?: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve) => {
    const unpark = runtime.activity.park(run.work);
    const timer = runtime.after(delayMs, end);
    let ended = false;
    run.interruptWait = end;
    run.waitsFor({ interrupted: end });
    until?.then(end, end);
    function end(): void {
      if (ended) return;
      ended = true;
      timer.cancel();
      run.interruptWait = undefined;
      run.waitsFor(undefined);
      unpark();
      resolve();
    }
  });
}

/** Waits in a way that lets virtual time pass. Rejects with the signal's reason when it fires. */
export function sleep(runtime: Runtime, work: Work, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    const unpark = runtime.activity.park(work);
    const timer = runtime.after(delayMs, () => {
      signal.removeEventListener("abort", stop);
      unpark();
      resolve();
    });
    function stop(): void {
      timer.cancel();
      unpark();
      reject(signal.reason as Error);
    }
    signal.addEventListener("abort", stop, { once: true });
  });
}
