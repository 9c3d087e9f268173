import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ErrorClass } from "../../src/errors.js";
import { fixed } from "../../src/policy/backoff.js";
import { decide, type Decision, type Failure, type RecoveryPolicy } from "../../src/policy/decide.js";

const policy: RecoveryPolicy = {
  attempts: 3,
  immediate: 1,
  backoff: fixed("10s"),
  maxHoldMs: 60_000,
  versionPatienceMs: 600_000,
};

const failed = (changes: Partial<Failure> = {}): Failure => ({
  class: "unknown",
  reason: "MaxAttempts",
  givenUp: false,
  attempts: 1,
  immediateUsed: 0,
  hintMs: undefined,
  failingMs: 0,
  heldMs: 0,
  can: { ordered: false, delay: true, release: true },
  ...changes,
});

const ordered = { ordered: true, delay: true, release: true };
const partition = { ordered: true, delay: false, release: false };
const half = (): number => 0.5;

describe("the decision about a failure", () => {
  const cases: readonly [string, Partial<Failure>, Decision][] = [
    ["retries an unknown error later", {}, { kind: "retryAfter", delayMs: 10_000, counted: true }],
    ["retries a transient error at once", { class: "transient" }, { kind: "retryNow" }],
    [
      "retries a transient error later once the immediate runs are used up",
      { class: "transient", immediateUsed: 1, attempts: 2 },
      { kind: "retryAfter", delayMs: 10_000, counted: true },
    ],
    [
      "honours a hint as a floor, also where a retry at once is left",
      { class: "transient", hintMs: 30_000 },
      { kind: "retryAfter", delayMs: 30_000, counted: true },
    ],
    ["gives up after the last attempt", { attempts: 3 }, { kind: "deadLetter", reason: "MaxAttempts" }],
    [
      "gives up on a transient error too",
      { class: "transient", attempts: 3 },
      { kind: "deadLetter", reason: "MaxAttempts" },
    ],
    [
      "gives up at once on what the consumer gives up on",
      { givenUp: true },
      { kind: "deadLetter", reason: "Permanent" },
    ],
    [
      "dead-letters poison at once",
      { class: "poison", reason: "SchemaInvalid" },
      { kind: "deadLetter", reason: "SchemaInvalid" },
    ],
    [
      "dead-letters a permanent error at once",
      { class: "permanent", reason: "Permanent" },
      { kind: "deadLetter", reason: "Permanent" },
    ],
    ["leaves a message whose lock is lost", { class: "lockLost" }, { kind: "leave" }],
    ["releases on shutdown", { class: "cancelled" }, { kind: "release", counted: false }],
    ["leaves an event of a stream on shutdown", { class: "cancelled", can: partition }, { kind: "leave" }],
    [
      "spends no attempt on an outage",
      { class: "dependencyDown", attempts: 99 },
      { kind: "retryAfter", delayMs: 10_000, counted: false },
    ],
    [
      "spends no attempt on throttling",
      { class: "throttled", hintMs: 20_000 },
      { kind: "retryAfter", delayMs: 20_000, counted: false },
    ],
    [
      "waits for a newer service",
      { class: "versionAhead" },
      { kind: "retryAfter", delayMs: 10_000, counted: false },
    ],
    [
      "stops waiting for a newer service",
      { class: "versionAhead", failingMs: 600_000 },
      { kind: "deadLetter", reason: "UnknownVersion" },
    ],
    [
      "holds the lane of an ordered channel",
      { can: ordered },
      { kind: "holdLane", delayMs: 10_000, counted: true },
    ],
    [
      "puts the head of a lane back after the longest hold",
      { can: ordered, heldMs: 55_000 },
      { kind: "release", counted: true },
    ],
    [
      "holds a lane as long as it may before it puts back what would have to wait longer",
      { can: ordered, hintMs: 90_000 },
      { kind: "holdLane", delayMs: 60_000, counted: true },
    ],
    [
      "holds a partition however long it takes",
      { can: partition, heldMs: 9e9 },
      { kind: "holdLane", delayMs: 10_000, counted: true },
    ],
    [
      "holds where the transport has no delay",
      { can: { ordered: false, delay: false, release: true } },
      { kind: "holdLane", delayMs: 10_000, counted: true },
    ],
  ];

  it.each(cases)("%s", (_name, changes, decision) => {
    expect(decide(failed(changes), policy, half)).toEqual(decision);
  });

  it("takes a nonsensical back-off as none", () => {
    const broken = { ...policy, backoff: () => Number.NaN };
    expect(decide(failed(), broken, half)).toEqual({ kind: "retryAfter", delayMs: 0, counted: true });
  });

  const classes: readonly ErrorClass[] = [
    "transient",
    "throttled",
    "ambiguous",
    "lockLost",
    "auth",
    "config",
    "permanent",
    "poison",
    "versionAhead",
    "dependencyDown",
    "cancelled",
    "unknown",
  ];
  const anyFailure = fc.record({
    class: fc.constantFrom(...classes),
    reason: fc.constantFrom("MaxAttempts" as const, "Permanent" as const, "SchemaInvalid" as const),
    givenUp: fc.boolean(),
    attempts: fc.nat({ max: 2000 }),
    immediateUsed: fc.nat({ max: 3 }),
    hintMs: fc.option(fc.nat(), { nil: undefined }),
    failingMs: fc.nat(),
    heldMs: fc.nat(),
    can: fc.record({ ordered: fc.boolean(), delay: fc.boolean(), release: fc.boolean() }),
  });

  it("never reverses the order of a lane", () => {
    fc.assert(
      fc.property(anyFailure, (failure) => {
        fc.pre(failure.can.ordered);
        expect(decide(failure, policy, half).kind).not.toBe("retryAfter");
      }),
    );
  });

  it("never retries beyond the attempts what spends attempts", () => {
    fc.assert(
      fc.property(anyFailure, (failure) => {
        const decision = decide(failure, policy, half);
        const spends = decision.kind === "retryNow" || ("counted" in decision && decision.counted);
        if (spends) expect(failure.attempts).toBeLessThan(policy.attempts);
      }),
    );
  });

  it("asks for no delay that the transport cannot give, and puts nothing back that cannot be put back", () => {
    fc.assert(
      fc.property(anyFailure, (failure) => {
        const { kind } = decide(failure, policy, half);
        if (!failure.can.delay) expect(kind).not.toBe("retryAfter");
        if (!failure.can.release) expect(kind).not.toBe("release");
      }),
    );
  });
});
