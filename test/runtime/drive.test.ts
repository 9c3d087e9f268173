import { readFile } from "node:fs/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { isWaybillError, type WaybillError } from "../../src/errors.js";
import { realRuntime } from "../../src/runtime/runtime.js";
import { virtualRuntime, type VirtualRuntime } from "../../src/runtime/virtual-runtime.js";

const minute = 60_000;

/** Starts a handler as a pump does: the start is deferred, and only what has started counts as work. */
function deliver(runtime: VirtualRuntime, name: string, handler: () => Promise<void>): void {
  runtime.defer(() => {
    const work = runtime.activity.begin(() => name);
    void handler().finally(() => runtime.activity.end(work));
  });
}

const sleep = (runtime: VirtualRuntime, ms: number): Promise<void> =>
  new Promise((resolve) => {
    const unpark = runtime.activity.park();
    runtime.after(ms, () => {
      unpark();
      resolve();
    });
  });

const failure = async (promise: Promise<unknown>): Promise<WaybillError> => {
  const error = await promise.then(
    () => new Error("it resolved"),
    (thrown: unknown) => thrown,
  );
  if (isWaybillError(error)) return error;
  throw error;
};

afterEach(() => {
  vi.useRealTimers();
  vi.resetModules();
});

describe("a drive to the quiet", () => {
  const handlers: Record<string, () => Promise<void>> = {
    "1,000 awaits": async () => {
      for (let i = 0; i < 1000; i += 1) await Promise.resolve();
    },
    "a chain of ticks": async () => {
      for (let i = 0; i < 20; i += 1) await new Promise<void>((resolve) => process.nextTick(resolve));
    },
    "20 hops over setImmediate": async () => {
      for (let i = 0; i < 20; i += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    "20 reads of a real file": async () => {
      for (let i = 0; i < 20; i += 1) await readFile(new URL(import.meta.url));
    },
    "a real timer of 30 ms": () => new Promise((resolve) => void realRuntime().after(30, resolve)),
  };

  it.each(Object.entries(handlers))("waits for %s while virtual time stands still", async (name, handler) => {
    const runtime = virtualRuntime();
    const seen: string[] = [];
    deliver(runtime, name, async () => {
      const before = runtime.now();
      await handler();
      seen.push(`handled after ${runtime.now() - before} ms`);
    });
    runtime.after(1, () => seen.push("a timer"));
    await runtime.drive({ target: runtime.now() + minute });
    expect(seen).toEqual(["handled after 0 ms", "a timer"]);
  });

  it("sees work that detached promises begin within the turn", async () => {
    const runtime = virtualRuntime();
    const seen: string[] = [];
    runtime.defer(() => {
      void (async () => {
        for (let i = 0; i < 100; i += 1) await Promise.resolve();
        deliver(runtime, "late", async () => void seen.push("delivered"));
      })();
    });
    await runtime.drive();
    expect(seen).toEqual(["delivered"]);
  });

  it("carries a handler that sleeps ten minutes over the renewals of its lock", async () => {
    const runtime = virtualRuntime();
    const startMs = runtime.now();
    const renewedAt: number[] = [];
    let wokeAt: number | undefined;
    deliver(runtime, "sleeper", async () => {
      let timer = runtime.after(2 * minute, renew);
      function renew(): void {
        renewedAt.push((runtime.now() - startMs) / minute);
        timer = runtime.after(2 * minute, renew);
      }
      await sleep(runtime, 10 * minute - 1);
      wokeAt = runtime.now() - startMs;
      timer.cancel();
    });
    await runtime.drive({ target: startMs + 15 * minute });
    expect(renewedAt).toEqual([2, 4, 6, 8]);
    expect(wokeAt).toBe(10 * minute - 1);
    expect(runtime.now()).toBe(startMs + 15 * minute);
  });

  it("does not wait for parked work, and leaves it parked", async () => {
    const runtime = virtualRuntime();
    deliver(runtime, "parked", () => sleep(runtime, minute));
    await runtime.drive({ target: runtime.now() + minute - 1 });
    expect(runtime.activity).toMatchObject({ running: 1, busy: 0 });
    await runtime.drive({ target: runtime.now() + 1 });
    expect(runtime.activity.running).toBe(0);
  });

  it("starts work that was accepted earlier and is parked until its deferred start", async () => {
    const runtime = virtualRuntime();
    const work = runtime.activity.begin(() => "accepted, behind another of its lane");
    const unpark = runtime.activity.park(work);
    let started = false;
    runtime.defer(() => {
      unpark();
      started = true;
      runtime.activity.end(work);
    });
    await runtime.drive();
    expect(started).toBe(true);
    expect(runtime.activity).toMatchObject({ running: 0, busy: 0 });
  });

  it("does not let one parked piece hide another that is busy", async () => {
    const runtime = virtualRuntime();
    deliver(runtime, "parked", () => sleep(runtime, 10));
    let movedMs: number | undefined;
    deliver(runtime, "busy", async () => {
      const before = runtime.now();
      await new Promise((resolve) => void realRuntime().after(5, () => resolve(undefined)));
      movedMs = runtime.now() - before;
    });
    await runtime.drive({ target: runtime.now() + minute });
    expect(movedMs).toBe(0);
  });

  it("runs what is due now and nothing later when no target is given", async () => {
    const runtime = virtualRuntime();
    const ran: string[] = [];
    runtime.after(0, () => ran.push("now"));
    runtime.after(1, () => ran.push("later"));
    const before = runtime.now();
    await runtime.drive();
    expect(ran).toEqual(["now"]);
    expect(runtime.now()).toBe(before);
  });

  it("reaches the target when nothing is to do, and never goes back to an earlier one", async () => {
    const runtime = virtualRuntime({ startMs: 1000 });
    await runtime.drive({ target: 5000 });
    await runtime.drive({ target: 2000 });
    expect([runtime.now(), runtime.elapsed()]).toEqual([5000, 4000]);
  });

  it("runs deferred tasks before timers, one of them in each turn", async () => {
    const runtime = virtualRuntime();
    const trace: string[] = [];
    const afterwards = async (name: string): Promise<void> => {
      trace.push(name);
      for (let i = 0; i < 50; i += 1) await Promise.resolve();
      trace.push(`${name} done`);
    };
    runtime.after(0, () => void afterwards("timer"));
    runtime.defer(() => void afterwards("first"));
    runtime.defer(() => void afterwards("second"));
    await runtime.drive();
    expect(trace).toEqual(["first", "first done", "second", "second done", "timer", "timer done"]);
  });

  it("rejects with what a timer throws", async () => {
    const runtime = virtualRuntime();
    runtime.after(0, () => {
      throw new Error("from a timer");
    });
    await expect(runtime.drive()).rejects.toThrow("from a timer");
  });

  it.each([Number.NaN, Infinity])("refuses %s as a target", async (target) => {
    expect((await failure(virtualRuntime().drive({ target }))).code).toBe("invalidOption");
  });
});

describe("a drive that cannot end", () => {
  it("names the work that neither ends nor waits, and the cure", async () => {
    const runtime = virtualRuntime();
    deliver(runtime, "billing charge c-7, delivery 2", () => new Promise(() => undefined));
    deliver(runtime, "billing charge c-8, delivery 1", () => new Promise(() => undefined));
    const error = await failure(runtime.drive({ limitMs: 20 }));
    expect(error.code).toBe("notQuiet");
    expect(error.message).toContain("billing charge c-7, delivery 2");
    expect(error.message).toContain("bus.hang(signal)");
  });

  it("names work that was counted before its deferred start and not parked until then", async () => {
    const runtime = virtualRuntime();
    const work = runtime.activity.begin(() => "counted too early");
    runtime.defer(() => runtime.activity.end(work));
    const { message } = await failure(runtime.drive({ limitMs: 20 }));
    expect(message).toContain("counted too early");
  });

  it("names the first fifty when there are hundreds", async () => {
    const runtime = virtualRuntime();
    for (let i = 0; i < 200; i += 1) runtime.activity.begin(() => `stuck ${i}`);
    const { message } = await failure(runtime.drive({ limitMs: 20 }));
    expect(message).toContain("stuck 49; and 150 more");
  });

  it("ends two handlers that send to each other by count, not by time", async () => {
    const runtime = virtualRuntime();
    const pingPong = (name: string): void => {
      deliver(runtime, name, async () => pingPong(name === "ping" ? "pong" : "ping"));
    };
    pingPong("ping");
    const error = await failure(runtime.drive());
    expect(error.code).toBe("notQuiet");
    expect(error.message).toContain("do two handlers send to each other?");
  });

  it("counts the work that began since the drive began, not before", async () => {
    const runtime = virtualRuntime();
    for (let i = 0; i < 100_001; i += 1) runtime.activity.end(runtime.activity.begin(() => "past"));
    await expect(runtime.drive()).resolves.toBeUndefined();
  });
});

describe("a drive until something has ended", () => {
  it("runs timers of any time, stops at the moment of the end and leaves later timers alone", async () => {
    const runtime = virtualRuntime();
    const startMs = runtime.now();
    const ran: string[] = [];
    let ended = false;
    deliver(runtime, "slow", async () => {
      await sleep(runtime, 10 * minute);
      await sleep(runtime, 20 * minute);
      ended = true;
    });
    runtime.after(31 * minute, () => ran.push("too late"));
    await runtime.drive({ ended: () => ended });
    expect(runtime.now()).toBe(startMs + 30 * minute);
    expect(ran).toEqual([]);
  });

  it("returns when nothing is left that could bring the end", async () => {
    const runtime = virtualRuntime();
    runtime.after(minute, () => undefined);
    runtime.after(Infinity, () => undefined);
    await expect(runtime.drive({ ended: () => false })).resolves.toBeUndefined();
    expect(runtime.elapsed()).toBe(minute);
  });
});

describe("two drives at once", () => {
  it("run one after the other, also when the first fails", async () => {
    const runtime = virtualRuntime();
    const startMs = runtime.now();
    const trace: string[] = [];
    runtime.after(1, () => {
      trace.push("first");
      throw new Error("the first fails");
    });
    runtime.after(2, () => trace.push("second"));
    const first = runtime.drive({ target: startMs + 1 }).catch(() => trace.push("failed"));
    const second = runtime.drive({ target: startMs + 2 });
    await Promise.all([first, second]);
    expect(trace).toEqual(["first", "failed", "second"]);
  });
});

describe("the fake timers of a test runner", () => {
  const handled = async (runtime: VirtualRuntime): Promise<string[]> => {
    const seen: string[] = [];
    deliver(runtime, "reader", async () => {
      await readFile(new URL(import.meta.url));
      seen.push("read");
      await sleep(runtime, minute);
      seen.push("slept");
    });
    await runtime.drive({ target: runtime.now() + minute });
    return seen;
  };
  const stuck = (runtime: VirtualRuntime): Promise<void> => {
    deliver(runtime, "stuck", () => new Promise(() => undefined));
    return runtime.drive({ limitMs: 20 });
  };

  it("do no harm when they come before the import", async () => {
    vi.useFakeTimers();
    vi.resetModules();
    const fresh = await import("../../src/runtime/virtual-runtime.js");
    expect(await handled(fresh.virtualRuntime())).toEqual(["read", "slept"]);
    await expect(stuck(fresh.virtualRuntime())).rejects.toMatchObject({ code: "notQuiet" });
  });

  it("do no harm when they come after the import", async () => {
    const runtime = virtualRuntime();
    vi.useFakeTimers();
    expect(await handled(runtime)).toEqual(["read", "slept"]);
    await expect(stuck(runtime)).rejects.toMatchObject({ code: "notQuiet" });
  });
});
