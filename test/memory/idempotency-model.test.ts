import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryIdempotency } from "../../adapters/memory/idempotency-store.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { ClaimHandle, IdempotencyStore } from "../../src/store/index.js";

// The model keeps only what happened, and derives each answer from that history.

type Step =
  | { readonly do: "claim"; readonly key: string; readonly fingerprint: string; readonly keep: number }
  | { readonly do: "extend" | "complete" | "release"; readonly nth: number; readonly lie: boolean }
  | { readonly do: "pass"; readonly ms: number };

interface Run {
  readonly key: string;
  readonly fingerprint: string;
  readonly keep: number;
  readonly handle: ClaimHandle;
  readonly attempt: number;
  leaseEnd: number;
  forgetAt: number;
  end: "none" | "completed" | "released";
  endedAt: number;
}

const scope = "billing/orders";
const lease = 10;
const steps = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: claimStep() },
    { weight: 4, arbitrary: changeStep() },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15 }) }),
    },
  ),
  { minLength: 20, maxLength: 60 },
);

function claimStep(): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constant("claim" as const),
    key: fc.constantFrom("a", "b"),
    fingerprint: fc.oneof(
      { weight: 9, arbitrary: fc.constant("f") },
      { weight: 1, arbitrary: fc.constant("g") },
    ),
    keep: fc.constantFrom(10, 25, 60),
  });
}

function changeStep(): fc.Arbitrary<Step> {
  return fc.record({
    do: fc.constantFrom("extend" as const, "complete" as const, "release" as const),
    /** Which earlier claim, counted back from the last. */
    nth: fc.oneof(fc.constant(0), fc.nat(4)),
    lie: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
  });
}

describe("any order of claims, changes and waits", () => {
  it("is answered as the history demands, with rising tokens", async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (script) => {
        const clock = { wall: 1_000_000, mono: 0 };
        const runtime = { ...virtualRuntime(), now: () => clock.wall, elapsed: () => clock.mono };
        const store = memoryIdempotency({ runtime });
        const runs: Run[] = [];
        for (const [index, step] of script.entries()) {
          if (step.do === "pass") {
            clock.mono += step.ms;
            clock.wall += step.ms;
          } else if (step.do === "claim") {
            await checkClaim(store, clock, runs, step, `owner ${index}`);
          } else {
            await checkChange(store, clock, runs, step);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});

async function checkClaim(
  store: IdempotencyStore,
  clock: { wall: number; mono: number },
  runs: Run[],
  { key, fingerprint, keep }: Extract<Step, { do: "claim" }>,
  owner: string,
): Promise<void> {
  const result = await store.claim({ scope, key, fingerprint, owner, leaseMs: lease, retentionMs: keep });
  const last = runs.findLast((run) => run.key === key);
  const known = last !== undefined && last.forgetAt > clock.mono ? last : undefined;
  const living = known?.end === "none" && known.leaseEnd > clock.mono;
  if (known !== undefined && known.fingerprint !== fingerprint) {
    expect(result).toEqual({ kind: "conflict", storedFingerprint: known.fingerprint });
  } else if (known?.end === "completed") {
    expect(result).toEqual({ kind: "completed", completedAtMs: known.endedAt });
  } else if (known !== undefined && living) {
    expect(result).toEqual({ kind: "busy", retryAfterMs: known.leaseEnd - clock.mono });
  } else {
    if (result.kind !== "acquired") throw new Error(`expected to acquire, got ${JSON.stringify(result)}`);
    const { token, attempt, recovered } = result;
    expect({ attempt, recovered }).toEqual({
      attempt: known ? known.attempt + 1 : 1,
      recovered: known?.end === "none",
    });
    for (const run of runs) expect(token).toBeGreaterThan(run.handle.token);
    runs.push({
      key,
      fingerprint,
      keep,
      handle: { scope, key, token, owner },
      attempt,
      leaseEnd: clock.mono + lease,
      forgetAt: clock.mono + keep,
      end: "none",
      endedAt: 0,
    });
  }
}

async function checkChange(
  store: IdempotencyStore,
  clock: { wall: number; mono: number },
  runs: Run[],
  step: Exclude<Step, { do: "claim" | "pass" }>,
): Promise<void> {
  const run = runs.at(-1 - step.nth);
  if (run === undefined) return;
  const isLast = runs.findLast((each) => each.key === run.key) === run;
  const mine = isLast && run.forgetAt > clock.mono && !step.lie;
  const handle = step.lie ? { ...run.handle, owner: "somebody else" } : run.handle;
  const open = mine && run.end === "none";
  switch (step.do) {
    case "extend":
      expect(await store.extend(handle, lease)).toBe(open ? "ok" : "stale");
      if (!open) return;
      run.leaseEnd = clock.mono + lease;
      run.forgetAt = Math.max(run.forgetAt, run.leaseEnd);
      return;
    case "complete":
      expect(await store.complete(handle, 40)).toBe(
        open || (mine && run.end === "completed") ? "ok" : "stale",
      );
      if (!open) return;
      Object.assign(run, { end: "completed", endedAt: clock.wall, forgetAt: clock.mono + 40 });
      return;
    case "release":
      expect(await store.release(handle)).toBe(open ? "ok" : "stale");
      if (open) Object.assign(run, { end: "released", forgetAt: clock.mono + run.keep });
      return;
  }
}
