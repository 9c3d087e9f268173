import { describe, expect, it } from "vitest";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { ConformanceFailure } from "../../src/testing/conformance/check.js";
import { storeBehaviours } from "../../src/testing/conformance/p-stores.js";
import { storeConformance } from "../../src/testing/conformance/store-conformance.js";
import type { StoreAdapter } from "../../src/testing/conformance/store-harness.js";
import type { ClaimHandle, IdempotencyStore } from "../../src/store/index.js";
import { memoryStores } from "./memory-stores.js";

describe("the in-memory stores", () => {
  it.each(storeConformance(memoryStores))("show $title", async ({ number, run }) => {
    expect(await run()).toBe(number === 161 ? "unsupported" : "pass");
  });
});

describe("the store kit", () => {
  it("runs each of the 18 races of the idempotency specification", () => {
    const races = new Set(storeBehaviours.flatMap((behaviour) => behaviour.races));
    expect([...races].sort((a, b) => a - b)).toEqual(Array.from({ length: 18 }, (_, n) => n + 1));
  });

  it.each([
    ["does not compare tokens", 154],
    ["deletes the new owner's claim on a late release", 162],
    ["forgets a claim when it is released", 155],
    ["forgets what it was claimed with", 148],
  ])("catches a store without fencing: it %s", async (fault, number) => {
    const found = storeConformance(brokenStores(fault)).find((each) => each.number === number);
    await expect(found?.run()).rejects.toBeInstanceOf(ConformanceFailure);
  });

  it("catches an outbox without fencing", async () => {
    const adapter: StoreAdapter = {
      ...memoryStores,
      open: async () => {
        const world = await memoryStores.open();
        const outbox = () => {
          const inner = world.outbox?.();
          if (inner === undefined) throw new Error("memory has an outbox");
          return { ...inner, markSent: async () => "ok" as const };
        };
        return { ...world, outbox };
      },
    };
    for (const number of [157, 159]) {
      const found = storeConformance(adapter).find((each) => each.number === number);
      await expect(found?.run()).rejects.toBeInstanceOf(ConformanceFailure);
    }
  });

  it("tries the twins of what a store does not offer", async () => {
    const adapter: StoreAdapter = {
      name: "claims-only",
      offers: ["idempotency"],
      open: async () => {
        const { runtime, idempotency } = await memoryStores.open();
        return { runtime, ...(idempotency === undefined ? {} : { idempotency }) };
      },
    };
    const outcomes = new Map<number, string>();
    for (const { number, run } of storeConformance(adapter)) outcomes.set(number, await run());
    expect(
      [...outcomes].filter(([, outcome]) => outcome === "unsupported").map(([number]) => number),
    ).toEqual([149, 151, 156, 157, 161]);
  });
});

/** Idempotency stores as they are often written: a map with a lease, and no token. */
function brokenStores(fault: string): StoreAdapter {
  return {
    name: "broken",
    offers: ["idempotency"],
    open: () => {
      const runtime = virtualRuntime();
      const store = naiveStore(fault, () => runtime.elapsed());
      return { runtime, idempotency: () => store };
    },
  };
}

interface Record {
  readonly owner: string;
  readonly fingerprint: string;
  token: number;
  attempt: number;
  leaseUntilMs: number;
  done: boolean;
}

function naiveStore(fault: string, nowMs: () => number): IdempotencyStore {
  const records = new Map<string, Record>();
  const idOf = ({ scope, key }: Pick<ClaimHandle, "scope" | "key">) =>
    `${String(scope.length)}:${scope}${key}`;
  const mine = (handle: ClaimHandle): Record | undefined => {
    const record = records.get(idOf(handle));
    return fault === "does not compare tokens" || record?.owner === handle.owner ? record : undefined;
  };
  return {
    name: "naive",
    claim: ({ scope, key, owner, fingerprint, leaseMs }) => {
      const known = records.get(idOf({ scope, key }));
      if (known !== undefined && known.fingerprint !== fingerprint && !fault.includes("claimed with"))
        return { kind: "conflict", storedFingerprint: known.fingerprint };
      if (known?.done === true) return { kind: "completed", completedAtMs: 0 };
      if (known !== undefined && known.leaseUntilMs > nowMs())
        return { kind: "busy", retryAfterMs: known.leaseUntilMs - nowMs() };
      const token = (known?.token ?? 0) + 1;
      const attempt = (known?.attempt ?? 0) + 1;
      records.set(idOf({ scope, key }), {
        owner,
        fingerprint,
        token,
        attempt,
        leaseUntilMs: nowMs() + leaseMs,
        done: false,
      });
      return { kind: "acquired", token, attempt, recovered: known !== undefined && known.leaseUntilMs > -1 };
    },
    extend: (handle, leaseMs) => {
      const record = mine(handle);
      if (record !== undefined) record.leaseUntilMs = nowMs() + leaseMs;
      return record === undefined ? "stale" : "ok";
    },
    complete: (handle) => {
      const record = mine(handle);
      if (record !== undefined) record.done = true;
      return record === undefined ? "stale" : "ok";
    },
    release: (handle) => {
      if (fault.startsWith("deletes") || fault.startsWith("forgets a claim")) {
        records.delete(idOf(handle));
        return "ok";
      }
      const record = mine(handle);
      if (record !== undefined) record.leaseUntilMs = -1;
      return record === undefined ? "stale" : "ok";
    },
  };
}
