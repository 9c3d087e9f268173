import type { Runtime } from "../../runtime/runtime.js";
import type { VirtualRuntime } from "../../runtime/virtual-runtime.js";
import { ConformanceFailure } from "./check.js";

/** Lets time pass in a world: a virtual clock is driven, a real one waited for. */
export interface Time {
  readonly runtime: Runtime;
  /** Whether its clock is driven, so that days cost nothing. */
  readonly virtual: boolean;
  /** Lets that much time pass, and everything happen that is due in it. */
  pass(ms: number): Promise<void>;
  /** Lets happen what happens now. */
  settle(): Promise<void>;
  /** Waits for a promise, however much time that takes. */
  finish<T>(promise: Promise<T>): Promise<T>;
  /** Waits until it holds. @throws {ConformanceFailure} if it does not within the limit (default 30 s). */
  until(holds: () => boolean, what: string, limitMs?: number): Promise<void>;
  /** A wait that others end; it keeps a virtual clock from nothing. */
  gate(): Gate;
}

/** Where handlers wait until a behaviour lets them go on. */
export interface Gate {
  /** How many wait. */
  readonly waiting: number;
  /** Waits to be let go; rejects with the signal's reason when that fires. */
  wait(signal?: AbortSignal): Promise<void>;
  /** Lets all go that wait now. */
  open(): void;
  /** Lets one go: the one that has waited longest. */
  next(): void;
}

/** The time of a runtime. */
export function timeOf(runtime: Runtime): Time {
  const virtual = isVirtual(runtime) ? runtime : undefined;
  const pass = async (ms: number): Promise<void> => {
    if (virtual !== undefined) await virtual.drive({ target: virtual.now() + ms });
    else await new Promise<void>((resolve) => void runtime.after(ms, resolve));
  };
  const settle = (): Promise<void> => (virtual === undefined ? pass(50) : pass(0));
  return {
    runtime,
    virtual: virtual !== undefined,
    pass,
    settle,
    finish: async (promise) => {
      if (virtual === undefined) return promise;
      let ended = false;
      const end = (): void => {
        ended = true;
      };
      promise.then(end, end);
      await virtual.drive({ ended: () => ended });
      return promise;
    },
    until: async (holds, what, limitMs = 30_000) => {
      const endMs = runtime.now() + limitMs;
      for (await settle(); !holds(); await pass(100)) {
        if (runtime.now() >= endMs)
          throw new ConformanceFailure(`not so: ${what} (waited ${String(limitMs)} ms)`);
      }
    },
    gate: () => gateOf(runtime),
  };
}

const isVirtual = (runtime: Runtime): runtime is VirtualRuntime => "drive" in runtime;

function gateOf(runtime: Runtime): Gate {
  const waiting = new Set<() => void>();
  return {
    get waiting() {
      return waiting.size;
    },
    wait: (signal) =>
      new Promise((resolve, reject) => {
        const unpark = runtime.activity.park();
        const leave = (): void => {
          waiting.delete(go);
          unpark();
        };
        const go = (): void => {
          leave();
          signal?.removeEventListener("abort", abort);
          resolve();
        };
        const abort = (): void => {
          leave();
          reject(signal?.reason as Error);
        };
        waiting.add(go);
        if (signal?.aborted === true) abort();
        else signal?.addEventListener("abort", abort, { once: true });
      }),
    open: () => {
      for (const go of [...waiting]) go();
    },
    next: () => {
      const [first] = waiting;
      first?.();
    },
  };
}
