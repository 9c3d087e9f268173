import type { EndWork } from "../runtime/activity.js";
import type { Runtime } from "../runtime/runtime.js";

/** Waits in a way that lets virtual time pass. Rejects with the signal's reason when it fires. */
export function sleep(runtime: Runtime, work: EndWork, delayMs: number, signal: AbortSignal): Promise<void> {
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
