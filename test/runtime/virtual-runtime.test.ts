import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";

describe("virtual timers", () => {
  it("fire by time, and in the order of setting where the time is the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { maxLength: 60 }), async (delays) => {
        const runtime = virtualRuntime();
        const fired: string[] = [];
        delays.forEach((delayMs, index) => {
          runtime.after(delayMs, () => fired.push(`${runtime.elapsed()}:${index}`));
        });
        await runtime.drive({ target: runtime.now() + 20 });
        const expected = delays
          .map((delayMs, index) => ({ delayMs, index }))
          .sort((a, b) => a.delayMs - b.delayMs || a.index - b.index)
          .map(({ delayMs, index }) => `${delayMs}:${index}`);
        expect(fired).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it("do not fire once cancelled, however many are", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ delayMs: fc.nat(9), cancel: fc.boolean() }), { maxLength: 300 }),
        async (timers) => {
          const runtime = virtualRuntime();
          const fired = new Set<number>();
          const handles = timers.map(({ delayMs }, index) => runtime.after(delayMs, () => fired.add(index)));
          timers.forEach(({ cancel }, index) => {
            if (cancel) handles[index]?.cancel();
            if (cancel) handles[index]?.cancel();
          });
          await runtime.drive({ target: runtime.now() + 9 });
          expect(fired).toEqual(new Set(timers.flatMap(({ cancel }, index) => (cancel ? [] : [index]))));
        },
      ),
      { numRuns: 20 },
    );
  });

  it("may be cancelled while they fire", async () => {
    const runtime = virtualRuntime();
    let fired = 0;
    const timer = runtime.after(1, () => {
      fired += 1;
      timer.cancel();
    });
    await runtime.drive({ target: runtime.now() + 5 });
    expect(fired).toBe(1);
  });
});

describe("deferred tasks", () => {
  it("run in the order of the calls, thousands of them", async () => {
    const runtime = virtualRuntime();
    const ran: number[] = [];
    for (let i = 0; i < 3000; i += 1) runtime.defer(() => ran.push(i));
    await runtime.drive();
    expect(ran).toEqual(Array.from({ length: 3000 }, (_, i) => i));
  });
});

describe("seeded randomness", () => {
  it("gives the n-th draw of a name whatever other names draw in between", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.constantFrom("other", "a", "a|b", "")), (seed, others) => {
        const alone = virtualRuntime({ seed });
        const among = virtualRuntime({ seed });
        const expected = Array.from({ length: 5 }, () => alone.random("backoff c-7"));
        const drawn = expected.map((_, index) => {
          for (const other of others.slice(index)) among.random(other);
          return among.random("backoff c-7");
        });
        expect(drawn).toEqual(expected);
        expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
      }),
    );
  });

  it("draws anew each time, and otherwise for another seed or name", () => {
    const one = virtualRuntime({ seed: "1" });
    const two = virtualRuntime({ seed: "2" });
    const draws = [one.random("a"), one.random("a"), one.random("b"), two.random("a")];
    expect(new Set(draws).size).toBe(4);
  });

  it("gives identifiers in the shape of a UUID, the same for the same seed", () => {
    const take = (seed: string): string[] => {
      const runtime = virtualRuntime({ seed });
      return ["a", "a", "b"].map((name) => runtime.uuid(name));
    };
    expect(take("1")).toEqual(take("1"));
    expect(new Set([...take("1"), ...take("2")]).size).toBe(6);
    for (const uuid of take("3")) {
      expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("begins its clock where it is told to", () => {
    expect(virtualRuntime({ startMs: 42 }).now()).toBe(42);
    expect(virtualRuntime().elapsed()).toBe(0);
  });
});
