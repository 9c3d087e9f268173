import type { Runtime } from "../../src/runtime/runtime.js";

/** A runtime that counts the operations of an adapter that are under way: each has a time limit, which is a timer. */
export interface WatchedRuntime extends Runtime {
  readonly underWay: number;
}

/** @param operationMs The time limit of the adapter's operations, which nothing else waits for. */
export function watchedRuntime(runtime: Runtime, operationMs: number): WatchedRuntime {
  let underWay = 0;
  return {
    now: () => runtime.now(),
    elapsed: () => runtime.elapsed(),
    hold: () => runtime.hold(),
    defer: (run) => {
      runtime.defer(run);
    },
    random: (name) => runtime.random(name),
    uuid: (name) => runtime.uuid(name),
    port: (port, subject, id, call) => runtime.port(port, subject, id, call),
    activity: runtime.activity,
    get underWay() {
      return underWay;
    },
    after: (delayMs, run) => {
      if (delayMs !== operationMs) return runtime.after(delayMs, run);
      let waits = true;
      const over = (): void => {
        if (waits) underWay -= 1;
        waits = false;
      };
      underWay += 1;
      const timer = runtime.after(delayMs, () => {
        over();
        run();
      });
      return {
        cancel: () => {
          over();
          timer.cancel();
        },
      };
    },
  };
}
