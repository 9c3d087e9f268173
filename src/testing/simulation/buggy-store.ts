import type {
  ClaimHandle,
  ClaimRequest,
  ClaimResult,
  IdempotencyStore,
} from "../../store/idempotency-store.js";

/** What a store does wrong: a seeded bug. */
export type StoreBug = "releaseUnconditional" | "tokenNotCompared" | "storeTimeLocal" | "dedupForgotten";

/** The records of a store that all processes share. */
export type BuggyRecords = Map<string, BuggyRecord>;

interface BuggyRecord {
  readonly token: number;
  readonly fingerprint: string;
  state: "claimed" | "completed" | "released";
  leaseUntilMs: number;
}

/**
 * An idempotency store with one bug, as one process reaches it. Without the bug it would be a plain lease with a
 * fencing token.
 *
 * @param nowMs the store's clock; the process's own if the bug says so.
 */
export function buggyStore(bug: StoreBug, records: BuggyRecords, nowMs: () => number): IdempotencyStore {
  const change = (
    handle: ClaimHandle,
    compares: boolean,
    apply: (record: BuggyRecord) => void,
  ): "ok" | "stale" => {
    const record = records.get(idOf(handle));
    if (record === undefined || (compares && (record.token !== handle.token || record.state !== "claimed")))
      return "stale";
    apply(record);
    return "ok";
  };
  const compares = bug !== "tokenNotCompared";
  return {
    name: "memory",
    claim: (request) => claim(records, request, nowMs()),
    extend: (handle, leaseMs) =>
      change(handle, compares, (record) => {
        record.leaseUntilMs = nowMs() + leaseMs;
      }),
    complete: (handle) =>
      change(handle, compares, (record) => {
        record.state = "completed";
        if (bug === "dedupForgotten") records.delete(idOf(handle));
      }),
    release: (handle) =>
      change(handle, compares && bug !== "releaseUnconditional", (record) => {
        record.state = "released";
      }),
  };
}

const idOf = ({ scope, key }: { readonly scope: string; readonly key: string }): string => `${scope} ${key}`;

function claim(records: BuggyRecords, request: ClaimRequest, nowMs: number): ClaimResult {
  const known = records.get(idOf(request));
  if (known !== undefined && known.fingerprint !== request.fingerprint)
    return { kind: "conflict", storedFingerprint: known.fingerprint };
  if (known?.state === "completed") return { kind: "completed", completedAtMs: nowMs };
  if (known?.state === "claimed" && known.leaseUntilMs > nowMs)
    return { kind: "busy", retryAfterMs: known.leaseUntilMs - nowMs };
  const lastToken = [...records.values()].reduce((last, { token }) => Math.max(last, token), 0);
  const { fingerprint, leaseMs } = request;
  const token = Math.max(lastToken, known?.token ?? 0) + 1;
  records.set(idOf(request), { token, fingerprint, state: "claimed", leaseUntilMs: nowMs + leaseMs });
  return { kind: "acquired", token, attempt: 1, recovered: known?.state === "claimed" };
}
