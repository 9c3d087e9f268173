import { Ledger } from "../crash/ledger.js";
import type { Told } from "../crash/wire.js";

/**
 * A ledger whose effects carry the fencing token, as a database does (`UPDATE … WHERE last_token < $token`): what comes from
 * an owner that another one has followed has no effect.
 */
export class FencedLedger extends Ledger {
  readonly #tokens = new Map<string, number>();
  /** Effects that came too late. */
  fenced = 0;
  /** Effects that happened. */
  effects = 0;

  override began(told: Told): void {
    this.#heard(told);
    super.began(told);
  }

  override effect(told: Told): void {
    if ((told.token ?? 0) < this.#heard(told)) {
      this.fenced += 1;
      return;
    }
    this.effects += 1;
    super.effect(told);
  }

  /** The highest token of a message so far. */
  #heard({ id, token = 0 }: Told): number {
    const highest = Math.max(token, this.#tokens.get(id) ?? 0);
    this.#tokens.set(id, highest);
    return highest;
  }
}
