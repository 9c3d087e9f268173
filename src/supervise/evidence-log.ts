import { redact } from "../message/redact.js";
import { isoTime } from "../runtime/iso-time.js";

/** Something that was seen, for whoever asks how a service is. Never message data. */
export interface Evidence {
  /** RFC 3339. */
  readonly at: string;
  readonly what: string;
}

/** How many are kept, and told. */
export const mostEvidence = 10;

/** A text as evidence has it: bounded, and without secrets. */
export const evidenceText = (text: string): string => redact(text, 300);

/** Keeps the latest evidence, each text once: bounded, and its texts bounded and without secrets. */
export class EvidenceLog {
  readonly #now: () => number;
  #all: readonly Evidence[] = [];

  constructor(now: () => number) {
    this.#now = now;
  }

  get all(): readonly Evidence[] {
    return this.#all;
  }

  /** Returns the text as it is kept. */
  note(text: string): string {
    const what = evidenceText(text);
    const others = this.#all.filter((each) => each.what !== what);
    this.#all = [...others.slice(-(mostEvidence - 1)), { at: isoTime(this.#now()), what }];
    return what;
  }
}
