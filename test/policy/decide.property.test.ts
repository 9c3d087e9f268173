import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorClass } from "../../src/errors.js";
import { delays } from "../../src/policy/backoff.js";
import { decide, type RecoveryAbilities, type RecoveryPolicy } from "../../src/policy/decide.js";

/** What goes wrong at one run of a message. */
interface Mishap {
  readonly class: ErrorClass;
  readonly givenUp: boolean;
  readonly hintMs: number | undefined;
}

/** How the life of a message ended, and after how many runs that count. */
interface End {
  readonly kind: "completed" | "deadLetter" | "left" | "putBack";
  readonly reason?: string;
  readonly counted: number;
}

const spending: readonly ErrorClass[] = ["transient", "ambiguous", "unknown"];
const hopeless: readonly ErrorClass[] = ["poison", "permanent"];
const outages: readonly ErrorClass[] = ["dependencyDown", "throttled", "auth", "config"];

/**
 * The whole life at a glance: it ends at the first mishap that nothing helps against, or with the last of the runs that
 * count. How long anything waits makes no difference to that, except to the patience with a newer version.
 */
function expectedEnd(mishaps: readonly Mishap[], attempts: number, can: RecoveryAbilities): End {
  let counted = 0;
  for (const mishap of mishaps) {
    if (spending.includes(mishap.class) || mishap.givenUp) counted += 1;
    if (mishap.givenUp) return { kind: "deadLetter", reason: "Permanent", counted };
    if (hopeless.includes(mishap.class)) return { kind: "deadLetter", reason: "SchemaInvalid", counted };
    if (mishap.class === "lockLost") return { kind: "left", counted };
    if (mishap.class === "cancelled") return { kind: can.release ? "putBack" : "left", counted };
    if (counted === attempts) return { kind: "deadLetter", reason: "MaxAttempts", counted };
  }
  return { kind: "completed", counted };
}

/** Lives that life by the decisions, one run after the other, as a consumer and its broker would. */
function live(mishaps: readonly Mishap[], policy: RecoveryPolicy, can: RecoveryAbilities): End {
  let [counted, immediateUsed, heldMs, nowMs] = [0, 0, 0, 0];
  for (const mishap of mishaps) {
    const counts = spending.includes(mishap.class) || mishap.givenUp;
    const failure = {
      ...mishap,
      reason: "SchemaInvalid" as const,
      attempts: counted + 1,
      immediateUsed,
      failingMs: nowMs,
      heldMs,
      can,
    };
    const decision = decide(failure, policy, () => 0.5);
    if (counts) counted += 1;
    switch (decision.kind) {
      case "retryNow":
        immediateUsed += 1;
        expect(immediateUsed).toBeLessThanOrEqual(policy.immediate);
        break;
      case "retryAfter":
        expect([decision.counted, can.ordered]).toEqual([counts, false]);
        expect(decision.delayMs).toBeGreaterThanOrEqual(Math.min(mishap.hintMs ?? 0, 15 * 60_000));
        nowMs += decision.delayMs;
        [immediateUsed, heldMs] = [0, 0];
        break;
      case "holdLane":
        expect(decision.counted).toBe(counts);
        heldMs += decision.delayMs;
        nowMs += decision.delayMs;
        if (can.release) expect(heldMs).toBeLessThanOrEqual(policy.maxHoldMs);
        break;
      case "release":
        if (mishap.class === "cancelled") return { kind: "putBack", counted };
        expect([decision.counted, can.release]).toEqual([counts, true]);
        [immediateUsed, heldMs] = [0, 0];
        break;
      case "deadLetter":
        return { kind: "deadLetter", reason: decision.reason, counted };
      case "leave":
        return { kind: "left", counted };
      case "discard":
        throw new Error("nothing is discarded that nobody asked to discard");
    }
  }
  return { kind: "completed", counted };
}

const abilities: fc.Arbitrary<RecoveryAbilities> = fc.constantFrom(
  { ordered: false, delay: true, release: true },
  { ordered: true, delay: true, release: true },
  { ordered: false, delay: false, release: true },
  { ordered: true, delay: false, release: false },
);

const policies: fc.Arbitrary<RecoveryPolicy> = fc.record({
  attempts: fc.integer({ min: 1, max: 6 }),
  immediate: fc.nat(3),
  backoff: fc.constantFrom(delays(["0s"]), delays(["1s", "1m"]), delays(["10s", "2h"], { jitter: "full" })),
  maxHoldMs: fc.constantFrom(0, 1000, 60_000, 3_600_000),
  versionPatienceMs: fc.constant(Number.MAX_SAFE_INTEGER),
});

const classes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...spending) },
  { weight: 5, arbitrary: fc.constantFrom(...outages, "versionAhead" as const) },
  { weight: 1, arbitrary: fc.constantFrom(...hopeless, "lockLost" as const, "cancelled" as const) },
);

const mishap: fc.Arbitrary<Mishap> = fc.record({
  class: classes,
  givenUp: fc.oneof(
    { weight: 30, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  hintMs: fc.option(fc.constantFrom(0, 5000, 900_000, 9e9), { nil: undefined }),
});

describe("the life of a message that fails and fails", () => {
  it("ends where nothing helps or the last attempt is spent, whatever happens between", () => {
    fc.assert(
      fc.property(fc.array(mishap, { maxLength: 20 }), policies, abilities, (mishaps, policy, can) => {
        expect(live(mishaps, policy, can)).toEqual(expectedEnd(mishaps, policy.attempts, can));
      }),
      { numRuns: 2000 },
    );
  });

  it("waits for a newer service as long as it was told to, and no longer", () => {
    const behind: Mishap = { class: "versionAhead", givenUp: false, hintMs: undefined };
    const ahead = Array.from({ length: 200 }, () => behind);
    fc.assert(
      fc.property(policies, abilities, fc.integer({ min: 1, max: 90_000 }), (policy, can, patienceMs) => {
        const impatient = { ...policy, backoff: delays(["10s"]), versionPatienceMs: patienceMs };
        const end = live(ahead, impatient, can);
        // A head of the lane that may not be held is put back at once, and no time passes here.
        if ((can.delay && !can.ordered) || !can.release || policy.maxHoldMs > 0) {
          expect(end).toEqual({ kind: "deadLetter", reason: "UnknownVersion", counted: 0 });
        }
      }),
      { numRuns: 200 },
    );
  });
});
