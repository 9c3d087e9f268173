import { describe, expect, it } from "vitest";
import { acceleratedRuntime } from "./accelerated-runtime.js";

describe("an accelerated runtime", () => {
  it("calls back in the order of the times, never before them, and what was cancelled not at all", async () => {
    const runtime = acceleratedRuntime(200);
    const startMs = runtime.now();
    const called: (readonly [number, boolean])[] = [];
    await new Promise<void>((resolve) => {
      for (const delayMs of [3_000, 1_000, 2_000])
        runtime.after(delayMs, () => called.push([delayMs, runtime.now() >= startMs + delayMs]));
      runtime
        .after(1_500, () => {
          called.push([1_500, false]);
        })
        .cancel();
      runtime.after(4_000, resolve);
    });
    expect(called).toEqual([
      [1_000, true],
      [2_000, true],
      [3_000, true],
    ]);
  });

  it("lets next to no time pass while the process works", () => {
    const runtime = acceleratedRuntime(1_000);
    const startMs = runtime.elapsed();
    let sum = 0;
    for (let n = 0; n < 50_000_000; n += 1) sum += n % 7;
    expect(sum).toBeGreaterThan(0);
    // Three milliseconds count at most, and the process was not idle in them.
    expect(runtime.elapsed() - startMs).toBeLessThanOrEqual(3_000);
  });
});
