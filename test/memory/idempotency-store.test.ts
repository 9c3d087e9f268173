import { describe, expect, it } from "vitest";
import { memoryIdempotency } from "../../adapters/memory/idempotency-store.js";
import type { ClaimHandle, ClaimRequest, ClaimResult, IdempotencyStore } from "../../src/store/index.js";
import { isWaybillError } from "../../src/errors.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";

const leaseMs = 30_000;
const retentionMs = 600_000;

/** A store with a clock that the test moves: `wall` may jump, `mono` may not. */
function fixture(): { store: IdempotencyStore; clock: { wall: number; mono: number } } {
  const clock = { wall: 1_000_000, mono: 0 };
  const runtime = { ...virtualRuntime(), now: () => clock.wall, elapsed: () => clock.mono };
  return { store: memoryIdempotency({ runtime }), clock };
}

const request = (more: Partial<ClaimRequest> = {}): ClaimRequest => ({
  scope: "billing/orders",
  key: "order-1",
  fingerprint: "f1",
  owner: "owner-a",
  leaseMs,
  retentionMs,
  ...more,
});

const acquired = (result: ClaimResult): Extract<ClaimResult, { kind: "acquired" }> => {
  if (result.kind !== "acquired") throw new Error(`expected to acquire, got ${JSON.stringify(result)}`);
  return result;
};

async function acquire(store: IdempotencyStore, more: Partial<ClaimRequest> = {}): Promise<ClaimHandle> {
  const { scope, key, owner } = request(more);
  return { scope, key, owner, token: acquired(await store.claim(request(more))).token };
}

describe("the races of a claim", () => {
  it("lets one of two claims at the same instant through, and tells the other how long to wait", async () => {
    const { store } = fixture();
    const results = await Promise.all([store.claim(request()), store.claim(request({ owner: "owner-b" }))]);
    expect(results).toEqual([
      { kind: "acquired", token: 1, attempt: 1, recovered: false },
      { kind: "busy", retryAfterMs: leaseMs },
    ]);
  });

  it("gives the key of a crashed owner to the next one at the end of the lease, as recovered", async () => {
    const { store, clock } = fixture();
    const first = acquired(await store.claim(request()));
    clock.mono += leaseMs - 1;
    expect(await store.claim(request({ owner: "owner-b" }))).toEqual({ kind: "busy", retryAfterMs: 1 });
    clock.mono += 1;
    const second = acquired(await store.claim(request({ owner: "owner-b" })));
    expect(second).toMatchObject({ attempt: 2, recovered: true });
    expect(second.token).toBeGreaterThan(first.token);
  });

  it("says completed to a redelivery after a crash between complete and settle", async () => {
    const { store, clock } = fixture();
    await store.complete(await acquire(store), retentionMs);
    const completedAtMs = clock.wall;
    clock.wall += 5000;
    clock.mono += 5000;
    expect(await store.claim(request({ owner: "owner-b" }))).toEqual({ kind: "completed", completedAtMs });
  });

  it("refuses an owner that was paused over its lease and then completes", async () => {
    const { store, clock } = fixture();
    const paused = await acquire(store);
    clock.mono += leaseMs;
    const second = await acquire(store, { owner: "owner-b" });
    expect(await store.complete(paused, retentionMs)).toBe("stale");
    expect((await store.claim(request({ owner: "owner-c" }))).kind).toBe("busy");
    expect(await store.complete(second, retentionMs)).toBe("ok");
    expect(await store.complete(paused, retentionMs)).toBe("stale");
  });

  it("refuses an owner that was paused over its lease and then fails, so that no third run begins", async () => {
    const { store, clock } = fixture();
    const paused = await acquire(store);
    clock.mono += leaseMs;
    await acquire(store, { owner: "owner-b" });
    expect(await store.release(paused)).toBe("stale");
    expect(await store.extend(paused, leaseMs)).toBe("stale");
    expect((await store.claim(request({ owner: "owner-c" }))).kind).toBe("busy");
  });

  it("accepts an owner that is late when nobody else has come", async () => {
    const { store, clock } = fixture();
    const late = await acquire(store);
    clock.mono += leaseMs + 1;
    expect(await store.complete(late, retentionMs)).toBe("ok");
  });

  it.each(["claimed", "completed", "released"])("refuses another payload on a %s key", async (state) => {
    const { store, clock } = fixture();
    const handle = await acquire(store);
    if (state === "completed") await store.complete(handle, retentionMs);
    if (state === "released") await store.release(handle);
    const other = request({ owner: "owner-b", fingerprint: "f2" });
    const conflict = { kind: "conflict", storedFingerprint: "f1" };
    expect(await store.claim(other)).toEqual(conflict);
    clock.mono += leaseMs;
    expect(await store.claim(other)).toEqual(conflict);
  });

  it("answers a claim at the instant of expiry with a new run, never with an error", async () => {
    const { store, clock } = fixture();
    await store.complete(await acquire(store), retentionMs);
    clock.mono += retentionMs - 1;
    expect((await store.claim(request())).kind).toBe("completed");
    clock.mono += 1;
    expect(await store.claim(request())).toMatchObject({ kind: "acquired", attempt: 1, recovered: false });
  });

  it("keeps a record while its lease is extended, though its retention is over", async () => {
    const { store, clock } = fixture();
    const handle = await acquire(store, { retentionMs: leaseMs });
    for (let i = 0; i < 5; i += 1) {
      clock.mono += leaseMs - 1;
      expect(await store.extend(handle, leaseMs)).toBe("ok");
    }
    clock.mono += leaseMs - 1;
    expect((await store.claim(request({ owner: "owner-b" }))).kind).toBe("busy");
    expect(await store.complete(handle, retentionMs)).toBe("ok");
  });

  it("keeps leases to their length when the wall clock jumps", async () => {
    const { store, clock } = fixture();
    await acquire(store);
    clock.wall += 300_000;
    expect((await store.claim(request({ owner: "owner-b" }))).kind).toBe("busy");
    clock.wall -= 3_600_000;
    clock.mono += leaseMs;
    expect((await store.claim(request({ owner: "owner-b" }))).kind).toBe("acquired");
  });

  it("takes an extension again whose answer was lost, and counts from the last one", async () => {
    const { store, clock } = fixture();
    const handle = await acquire(store);
    await store.extend(handle, leaseMs);
    clock.mono += 1000;
    expect(await store.extend(handle, leaseMs)).toBe("ok");
    expect(await store.claim(request({ owner: "owner-b" }))).toEqual({ kind: "busy", retryAfterMs: leaseMs });
  });

  it("takes a completion again whose answer was lost, and keeps the first one's time", async () => {
    const { store, clock } = fixture();
    const handle = await acquire(store);
    await store.complete(handle, retentionMs);
    const completedAtMs = clock.wall;
    clock.wall += 1000;
    expect(await store.complete(handle, retentionMs)).toBe("ok");
    expect(await store.claim(request())).toEqual({ kind: "completed", completedAtMs });
  });

  it("changes nothing more once a key is completed", async () => {
    const { store } = fixture();
    const handle = await acquire(store);
    await store.complete(handle, retentionMs);
    expect(await store.release(handle)).toBe("stale");
    expect(await store.extend(handle, leaseMs)).toBe("stale");
    expect((await store.claim(request())).kind).toBe("completed");
  });

  it("says completed to a redriven dead letter, which has the same key", async () => {
    const { store, clock } = fixture();
    await store.release(await acquire(store));
    await store.complete(await acquire(store, { owner: "owner-b" }), retentionMs);
    clock.mono += retentionMs / 2;
    expect((await store.claim(request({ owner: "redrive" }))).kind).toBe("completed");
  });
});

describe("a released key", () => {
  it("can be claimed at once, keeps the count, and is not a recovery", async () => {
    const { store } = fixture();
    const first = await acquire(store);
    expect(await store.release(first)).toBe("ok");
    expect(await store.release(first)).toBe("stale");
    const second = acquired(await store.claim(request({ owner: "owner-b" })));
    expect(second).toMatchObject({ attempt: 2, recovered: false });
    expect(second.token).toBeGreaterThan(first.token);
    expect(await store.complete(first, retentionMs)).toBe("stale");
  });
});

describe("tokens and owners", () => {
  it("give a new record a token above all those of the forgotten one", async () => {
    const { store, clock } = fixture();
    const old = await acquire(store);
    clock.mono += retentionMs;
    const renewed = await acquire(store);
    expect(renewed.token).toBeGreaterThan(old.token);
    expect(await store.complete(old, retentionMs)).toBe("stale");
  });

  it("must both match", async () => {
    const { store } = fixture();
    const handle = await acquire(store);
    const wrong = [
      { ...handle, owner: "owner-b" },
      { ...handle, token: handle.token + 1 },
      { ...handle, token: handle.token - 1 },
      { ...handle, key: "order-2" },
    ];
    for (const each of wrong) {
      expect(await store.extend(each, leaseMs)).toBe("stale");
      expect(await store.complete(each, retentionMs)).toBe("stale");
      expect(await store.release(each)).toBe("stale");
    }
    expect(await store.complete(handle, retentionMs)).toBe("ok");
  });
});

describe("scopes and keys", () => {
  it.each([
    ["other scopes", { scope: "s" }, { scope: "t" }],
    ["borders that move", { scope: "a", key: "bc" }, { scope: "ab", key: "c" }],
    ["long keys that differ at the end", { key: `${"k".repeat(5000)}1` }, { key: `${"k".repeat(5000)}2` }],
    [
      "long keys that differ in a lone surrogate",
      { key: "\ud800".repeat(300) },
      { key: "\ud801".repeat(300) },
    ],
    ["long scopes", { scope: `${"s".repeat(500)}1` }, { scope: `${"s".repeat(500)}2` }],
    ["names of the prototype", { key: "__proto__" }, { key: "constructor" }],
  ])("are told apart: %s", async (_what, one, two) => {
    const { store } = fixture();
    await acquire(store, one);
    await acquire(store, two);
    expect((await store.claim(request(one))).kind).toBe("busy");
    expect((await store.claim(request(two))).kind).toBe("busy");
  });
});

describe("lengths of time", () => {
  it.each([
    ["a retention below the lease", { leaseMs: 10, retentionMs: 9 }, "retentionMs"],
    ["no lease", { leaseMs: 0 }, "leaseMs"],
    ["a lease that is no number", { leaseMs: Number.NaN }, "leaseMs"],
    ["a retention that is no number", { retentionMs: Number.NaN }, "retentionMs"],
  ])("refuse %s", (_what, wrong, option) => {
    const { store } = fixture();
    expect(() => store.claim(request(wrong))).toThrow(
      expect.toSatisfy((error) => isWaybillError(error) && error.code === "invalidOption"),
    );
    expect(() => store.claim(request(wrong))).toThrow(option);
  });
});
