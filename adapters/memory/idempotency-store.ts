import {
  realRuntime,
  WaybillError,
  type ClaimChange,
  type ClaimHandle,
  type ClaimRequest,
  type ClaimResult,
  type IdempotencyStore,
  type Runtime,
} from "../../src/store/index.js";
import { sweptMap } from "./swept-map.js";

/** Options for {@link memoryIdempotency}. */
export interface MemoryIdempotencyOptions {
  /** Whose clock leases and retention go by. Default: the real one. */
  readonly runtime?: Runtime;
}

/**
 * Remembers in this process which messages were handled: for tests, demos and services of one process.
 *
 * A restart forgets everything. Records are dropped some claims after their retention is over, so the memory taken is
 * about twice what `retention` asks for at a steady rate; nothing is ever dropped earlier to make room.
 */
export function memoryIdempotency(options: MemoryIdempotencyOptions = {}): IdempotencyStore {
  const { runtime = realRuntime() } = options;
  const records = sweptMap<Entry>((entry) => entry.expiresAtMs <= runtime.elapsed());
  // One counter for all keys: the first token of a new record exceeds every one of a record long forgotten.
  let lastToken = 0;

  /** Applies a change that only the holder of the claim may make. */
  const change = (
    handle: ClaimHandle,
    to: (mine: Entry, nowMs: number) => Entry | undefined,
  ): ClaimChange => {
    const id = recordId(handle);
    const mine = records.get(id);
    if (mine?.token !== handle.token || mine.owner !== handle.owner) return "stale";
    const next = to(mine, runtime.elapsed());
    if (next === undefined) return "stale";
    records.set(id, next);
    return "ok";
  };

  return {
    name: "memory",
    claim: (request) => {
      requireLengths(request);
      const id = recordId(request);
      const known = records.get(id);
      const nowMs = runtime.elapsed();
      const refusal = known && refuse(known, request, nowMs);
      if (refusal) return refusal;
      const entry = claimed(request, known, ++lastToken, nowMs);
      records.set(id, entry);
      return {
        kind: "acquired",
        token: entry.token,
        attempt: entry.attempt,
        recovered: known?.state === "claimed",
      };
    },
    extend: (handle, leaseMs) => {
      requireLength("leaseMs", leaseMs);
      return change(handle, (mine, nowMs) => {
        if (mine.state !== "claimed") return undefined;
        const leaseUntilMs = nowMs + leaseMs;
        return { ...mine, leaseUntilMs, expiresAtMs: Math.max(mine.expiresAtMs, leaseUntilMs) };
      });
    },
    complete: (handle, retentionMs) => {
      requireLength("retentionMs", retentionMs);
      return change(handle, (mine, nowMs) => {
        if (mine.state === "completed") return mine;
        if (mine.state !== "claimed") return undefined;
        const completedAtMs = runtime.now();
        return { ...mine, state: "completed", completedAtMs, expiresAtMs: nowMs + retentionMs };
      });
    },
    release: (handle) =>
      change(handle, (mine, nowMs) =>
        mine.state === "claimed"
          ? { ...mine, state: "released", expiresAtMs: nowMs + mine.retentionMs }
          : undefined,
      ),
  };
}

/** What is known of one key. Lease and expiry are on the monotonic clock, so a set clock neither keeps nor frees. */
interface Entry {
  readonly state: "claimed" | "completed" | "released";
  readonly fingerprint: string;
  readonly token: number;
  readonly owner: string;
  readonly attempt: number;
  readonly leaseUntilMs: number;
  readonly retentionMs: number;
  /** Never before the end of the lease. */
  readonly expiresAtMs: number;
  /** Wall-clock time; 0 until then. */
  readonly completedAtMs: number;
}

/** Why the key cannot be claimed now. The payload comes first: another payload's result answers nothing. */
function refuse(known: Entry, request: ClaimRequest, nowMs: number): ClaimResult | undefined {
  if (known.fingerprint !== request.fingerprint)
    return { kind: "conflict", storedFingerprint: known.fingerprint };
  if (known.state === "completed") return { kind: "completed", completedAtMs: known.completedAtMs };
  if (known.state === "claimed" && nowMs < known.leaseUntilMs)
    return { kind: "busy", retryAfterMs: Math.ceil(known.leaseUntilMs - nowMs) };
  return undefined;
}

function claimed(request: ClaimRequest, known: Entry | undefined, token: number, nowMs: number): Entry {
  const { fingerprint, owner, leaseMs, retentionMs } = request;
  return {
    state: "claimed",
    fingerprint,
    token,
    owner,
    attempt: (known?.attempt ?? 0) + 1,
    leaseUntilMs: nowMs + leaseMs,
    retentionMs,
    expiresAtMs: nowMs + retentionMs,
    completedAtMs: 0,
  };
}

/**
 * Tells scopes and keys apart by length, so that `a|bc` is not `ab|c`; what is over 256 bytes is kept as a digest.
 * UTF-16 is hashed as it stands: UTF-8 would make all lone surrogates one.
 */
function recordId({ scope, key }: Pick<ClaimRequest, "scope" | "key">): string {
  const id = `${scope.length}:${scope}${key}`;
  if (Buffer.byteLength(id) <= 256) return id;
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  return `#${hash.update(id, "utf16le").digest("base64url")}`;
}

function requireLengths({ leaseMs, retentionMs }: ClaimRequest): void {
  requireLength("leaseMs", leaseMs);
  requireLength("retentionMs", retentionMs);
  if (retentionMs < leaseMs)
    throw new WaybillError(
      "invalidOption",
      `retentionMs (${retentionMs}) is below leaseMs (${leaseMs}); keep records at least as long as a run may take`,
    );
}

function requireLength(name: string, ms: number): void {
  if (!(ms > 0)) throw new WaybillError("invalidOption", `${name} is ${ms}; give milliseconds above 0`);
}
