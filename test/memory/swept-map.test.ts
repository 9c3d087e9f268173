import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sweptMap } from "../../adapters/memory/swept-map.js";

describe("a swept map", () => {
  it("holds at most about twice what has not expired, however long it is used", () => {
    let now = 0;
    const map = sweptMap<number>((expiresAt) => expiresAt <= now);
    let largest = 0;
    for (now = 0; now < 20_000; now += 1) {
      map.set(`key ${now}`, now + 100);
      largest = Math.max(largest, map.size);
    }
    expect(largest).toBeLessThanOrEqual(210);
  });

  it("looks at no more than two items at a write", () => {
    let looks = 0;
    const map = sweptMap<number>(() => {
      looks += 1;
      return false;
    });
    for (let i = 0; i < 1000; i += 1) map.set(`key ${i % 300}`, i);
    expect(looks).toBeLessThanOrEqual(2000);
  });

  it("answers as a map that drops every item at its time", () => {
    const write = fc.record({ key: fc.constantFrom("a", "b", "c", "d"), lifetime: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(write, { maxLength: 50 }), (writes) => {
        let now = 0;
        const map = sweptMap<number>((expiresAt) => expiresAt <= now);
        const expected = new Map<string, number>();
        for (const { key, lifetime } of writes) {
          now += 1;
          map.set(key, now + lifetime);
          expected.set(key, now + lifetime);
          for (const [each, expiresAt] of expected)
            expect(map.get(each)).toBe(expiresAt > now ? expiresAt : undefined);
        }
      }),
    );
  });
});
