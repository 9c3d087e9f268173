import { WaybillError } from "../errors.js";
import type { Runtime } from "../runtime/runtime.js";

/** A token of the Azure SDKs (`AccessToken`), as far as it matters here. */
export interface Token {
  readonly token: string;
  /** Milliseconds since the Unix epoch. */
  readonly expiresOnTimestamp: number;
}

/** The last good token of one kind, refreshed before it ends. */
export class CachedToken<T extends Token> {
  readonly #fetch: () => Promise<T | null>;
  readonly #runtime: Runtime;
  token: T | undefined;
  /** In a row. */
  failures = 0;
  failure: Error | undefined;
  #fetching: Promise<void> | undefined;
  /** Somebody asked for it since it was last refreshed without being asked for. */
  #wanted = false;
  #freshUntilMs = 0;
  #planned = false;

  constructor(fetch: () => Promise<T | null>, runtime: Runtime) {
    this.#fetch = fetch;
    this.#runtime = runtime;
  }

  /** The last one while it is valid, else a new one. @throws why there is none, after three attempts */
  async get(): Promise<T | null> {
    this.#wanted = true;
    if (this.#valid() !== undefined) {
      // Clients renew late, and would take a token that ends soon. After a failure the next attempt has its time.
      if (this.failures === 0 && this.#runtime.now() >= this.#freshUntilMs)
        await Promise.race([this.#refresh(), this.#pause(longestWaitMs)]);
      const valid = this.#valid();
      if (valid !== undefined) return valid;
    }
    for (let attempt = 1; attempt < attempts; attempt += 1) {
      await this.#refresh();
      const fetched = this.#valid();
      if (fetched !== undefined) return fetched;
      await this.#pause(firstPauseMs * 2 ** (attempt - 1));
    }
    await this.#refresh();
    const last = this.#valid();
    if (last !== undefined) return last;
    throw this.failure ?? new WaybillError("unauthorized", "the credential gave a token that has ended");
  }

  #valid(): T | undefined {
    const { token } = this;
    if (token === undefined) return undefined;
    return token.expiresOnTimestamp - this.#runtime.now() > leastMs ? token : undefined;
  }

  /** Never rejects. One request is under way at a time. */
  #refresh(): Promise<void> {
    return (this.#fetching ??= this.#fetchOne().finally(() => {
      this.#fetching = undefined;
    }));
  }

  async #fetchOne(): Promise<void> {
    try {
      const token = await this.#fetch();
      if (token === null) throw new WaybillError("unauthorized", "the credential gave no token");
      const nowMs = this.#runtime.now();
      this.#freshUntilMs = nowMs + freshShare * (token.expiresOnTimestamp - nowMs);
      this.token = token;
      this.failures = 0;
      this.failure = undefined;
    } catch (error) {
      this.failures += 1;
      this.failure = error instanceof Error ? error : new Error(String(error));
    }
    this.#plan();
  }

  /** Plans the next refresh, while there is a token to be kept. */
  #plan(): void {
    const nowMs = this.#runtime.now();
    const leftMs = (this.token?.expiresOnTimestamp ?? 0) - nowMs;
    if (this.#planned || leftMs <= 0) return;
    const draw = this.#runtime.random("credential");
    const pauseMs =
      this.failures === 0
        ? leftMs * (freshShare - draw / 20)
        : Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(this.failures, 10)) * (0.5 + draw / 2);
    this.#planned = true;
    this.#runtime.after(pauseMs, () => {
      this.#planned = false;
      if (!this.#wanted && this.failures === 0) return;
      this.#wanted = false;
      void this.#refresh();
    });
  }

  #pause(ms: number): Promise<void> {
    const spreadMs = ms * (0.5 + this.#runtime.random("credential") / 2);
    return new Promise((resolve) => {
      this.#runtime.after(spreadMs, resolve);
    });
  }
}

/** Of a token's lifetime: after it the token is refreshed. */
const freshShare = 0.8;

/** Of somebody who could have the last good token. */
const longestWaitMs = 10_000;

/** Of somebody who waits for a token. */
const attempts = 3;
const firstPauseMs = 500;
const longestPauseMs = 60_000;

/** A token that ends sooner than this would end on its way. */
const leastMs = 5_000;
