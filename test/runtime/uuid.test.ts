import { describe, expect, it } from "vitest";
import { randomUuid } from "../../src/runtime/uuid.js";

describe("random identifiers", () => {
  it("have the shape of a version 4 UUID", () => {
    for (let n = 0; n < 1_000; n += 1) {
      expect(randomUuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });

  it("do not repeat, also beyond the bytes that are drawn at once", () => {
    const made = new Set(Array.from({ length: 10_000 }, randomUuid));
    expect(made.size).toBe(10_000);
  });

  it("use every digit at every free place", () => {
    const digits = Array.from({ length: 36 }, () => new Set<string>());
    for (let n = 0; n < 2_000; n += 1) {
      const text = randomUuid();
      digits.forEach((seen, at) => seen.add(text.charAt(at)));
    }
    const counts = digits.map((seen) => seen.size);
    const free = counts.filter((_, at) => ![8, 13, 14, 18, 19, 23].includes(at));
    expect(free.every((count) => count === 16)).toBe(true);
    expect([counts[14], counts[19]]).toEqual([1, 4]);
  });
});
