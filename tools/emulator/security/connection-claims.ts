import type { Right } from "../../../adapters/memory/broker/rights.js";
import { AuthError } from "./auth-error.js";
import { covers } from "./resource.js";
import type { Grant } from "./sas-token.js";

/** What one connection's tokens allow, until they expire. */
export class ConnectionClaims {
  /** By path; a later token for a path replaces the earlier one. */
  readonly #grants = new Map<string, Grant>();
  readonly #wallMs: () => number;
  readonly #expired: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param expired Called when some token has expired: look at what is still allowed. */
  constructor(wallMs: () => number, expired: () => void) {
    this.#wallMs = wallMs;
    this.#expired = expired;
  }

  /** @throws {AuthError} when there are more paths than anybody needs. */
  put(grant: Grant): void {
    this.#forgetExpired();
    if (this.#grants.size >= maxGrants && !this.#grants.has(grant.path)) {
      throw new AuthError(400, `A connection holds tokens for at most ${String(maxGrants)} resources.`);
    }
    this.#grants.set(grant.path, grant);
    this.#arm();
  }

  /** Empty when no valid token covers the path. */
  rightsOn(path: string): readonly Right[] {
    const nowMs = this.#wallMs();
    const rights = new Set<Right>();
    for (const grant of this.#grants.values()) {
      if (grant.expiresMs <= nowMs || !covers(grant.path, path.toLowerCase())) continue;
      for (const right of grant.rights) rights.add(right);
    }
    return [...rights];
  }

  /** Whether any token is valid. */
  get any(): boolean {
    this.#forgetExpired();
    return this.#grants.size > 0;
  }

  /** Lets all tokens expire now. */
  expire(): void {
    this.#grants.clear();
    this.#arm();
    this.#expired();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#grants.clear();
  }

  #forgetExpired(): void {
    const nowMs = this.#wallMs();
    for (const [path, { expiresMs }] of this.#grants) if (expiresMs <= nowMs) this.#grants.delete(path);
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const firstMs = Math.min(...Array.from(this.#grants.values(), ({ expiresMs }) => expiresMs));
    if (firstMs === Infinity) return;
    const delayMs = Math.min(Math.max(0, firstMs - this.#wallMs()), maxTimerMs);
    this.#timer = setTimeout(() => {
      this.#forgetExpired();
      this.#arm();
      this.#expired();
    }, delayMs);
    this.#timer.unref();
  }
}

const maxGrants = 4_096;
/** The longest that Node's timers can wait. */
const maxTimerMs = 2_147_483_647;
