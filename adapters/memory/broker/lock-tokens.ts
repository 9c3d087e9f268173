import type { MessageRecord } from "./record.js";

/** The locks whose token somebody has seen: few, so neither record nor lock has room for one. */
export class LockTokens {
  readonly #newToken: () => string;
  readonly #records = new Map<string, MessageRecord>();
  readonly #tokens = new Map<MessageRecord, string>();

  constructor(newToken: () => string) {
    this.#newToken = newToken;
  }

  /** The token of the record's present lock, made on first use. */
  of(record: MessageRecord): string {
    const known = this.#tokens.get(record);
    if (known !== undefined) return known;
    const token = this.#newToken();
    this.#records.set(token, record);
    this.#tokens.set(record, token);
    return token;
  }

  recordOf(token: string): MessageRecord | undefined {
    return this.#records.get(token);
  }

  /** The lock of `record` ended, and its token with it. */
  forget(record: MessageRecord): void {
    if (this.#tokens.size === 0) return;
    const token = this.#tokens.get(record);
    if (token === undefined) return;
    this.#tokens.delete(record);
    this.#records.delete(token);
  }
}
