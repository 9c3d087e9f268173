import type { Does } from "./contracts.js";
import type { Told, Kept } from "./wire.js";

/** A message that the broker has accepted. */
export interface Accepted {
  readonly id: string;
  readonly n: number;
  readonly does: Does;
}

/** What is known at the end. */
export interface Verdict {
  readonly accepted: number;
  /** Accepted messages without their effect (or, given up, without their dead letter), or without what the effect sends. */
  readonly lost: readonly string[];
  /** Messages whose effect happened again and the handler was not told that it might, or that have an effect and should not. */
  readonly repeated: readonly string[];
  /** Dead letters that are none of the accepted messages. */
  readonly strangers: readonly string[];
  /** Handler runs beyond those that the message asked for. */
  readonly duplicates: number;
  /** Follow-up messages that came again, under the id that they had before. */
  readonly followUpsAgain: number;
}

/** What happened, written down outside of the processes that die. */
export class Ledger {
  readonly #accepted = new Map<string, Accepted>();
  readonly #runs = new Map<string, Told[]>();
  readonly #effects = new Map<string, Told[]>();
  /** By message number and channel: how often each id came. */
  readonly #followUps = new Map<string, Map<string, number>>();

  accept(message: Accepted): void {
    this.#accepted.set(message.id, message);
  }

  began(told: Told): void {
    listOf(this.#runs, told.id).push(told);
  }

  effect(told: Told): void {
    listOf(this.#effects, told.id).push(told);
  }

  followUp(channel: string, n: number, id: string): void {
    const key = `${channel} ${n}`;
    const ids = this.#followUps.get(key) ?? new Map<string, number>();
    this.#followUps.set(key, ids);
    ids.set(id, (ids.get(id) ?? 0) + 1);
  }

  verdict(deadLetters: ReadonlySet<string>): Verdict {
    const accepted = [...this.#accepted.values()];
    const runs = accepted.map(({ id, does }) =>
      Math.max(0, listOf(this.#runs, id).length - (does === "retry" ? 2 : 1)),
    );
    return {
      accepted: accepted.length,
      lost: accepted.filter((each) => this.#isLost(each, deadLetters)).map(({ id }) => id),
      repeated: accepted.filter((each) => this.#isRepeated(each, deadLetters)).map(({ id }) => id),
      strangers: [...deadLetters].filter((id) => !this.#accepted.has(id)),
      duplicates: sum(runs),
      followUpsAgain: sum([...this.#followUps.values()].map((ids) => sum([...ids.values()]) - ids.size)),
    };
  }

  #isLost({ id, n, does }: Accepted, deadLetters: ReadonlySet<string>): boolean {
    if (does === "giveUp") return !deadLetters.has(id);
    return !this.#effects.has(id) || this.#idsOf("bills", n) === 0 || this.#idsOf("mails", n) === 0;
  }

  #isRepeated({ id, n, does }: Accepted, deadLetters: ReadonlySet<string>): boolean {
    const [first, ...again] = listOf(this.#effects, id);
    if (does === "giveUp") return first !== undefined;
    if (deadLetters.has(id) || this.#idsOf("bills", n) > 1 || this.#idsOf("mails", n) > 1) return true;
    // A crash between the effect and its record repeats it: then the handler was told, and the key of the effect is the same.
    return again.some(({ recovered, key }) => !recovered || key !== first?.key);
  }

  #idsOf(channel: string, n: number): number {
    return this.#followUps.get(`${channel} ${n}`)?.size ?? 0;
  }
}

/** What the parent keeps, by the name by which children call it. */
export type Services = Readonly<Record<Kept, object>>;

function listOf(all: Map<string, Told[]>, id: string): Told[] {
  const found = all.get(id) ?? [];
  if (found.length === 0) all.set(id, found);
  return found;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
