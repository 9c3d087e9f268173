import type { Runtime } from "../runtime/runtime.js";
import type { MaybePromise, Outgoing, Sender, SendResult } from "../transport/transport.js";
import type { ClientCare } from "./client-care.js";

/** What a supervised sender stands on. */
export interface SupervisedSenderParts {
  readonly open: () => Sender;
  readonly care: ClientCare;
  readonly runtime: Runtime;
  /** The least between two new clients, in milliseconds. */
  readonly gapMs: number;
  readonly recycled: (evidence: string) => void;
}

/** Sends in a row without an answer, or with a refused credential, after which the client is made anew. */
const inVain = 3;

/**
 * A sender that goes on with a new client when the old one gives no answers any more, or is not let in. What was sent over the old one gets its
 * answer there; nothing is sent twice.
 */
export class SupervisedSender implements Sender {
  readonly cancel?: NonNullable<Sender["cancel"]>;
  readonly #parts: SupervisedSenderParts;
  #inner: Sender;
  #generation: number;
  /** Sends in vain since the last other one. */
  #failed = 0;
  #notBeforeMs = -Infinity;
  readonly #retired = new Set<Promise<void>>();

  constructor(parts: SupervisedSenderParts) {
    this.#parts = parts;
    this.#generation = parts.care.generation;
    this.#inner = parts.open();
    if (this.#inner.cancel !== undefined) this.cancel = (tokens) => this.#inner.cancel?.(tokens) ?? [];
  }

  send(messages: readonly Outgoing[]): MaybePromise<readonly SendResult[]> {
    const results = this.#inner.send(messages);
    return results instanceof Promise ? this.#watch(results, this.#inner) : results;
  }

  async close(): Promise<void> {
    await Promise.all([this.#inner.close(), ...this.#retired]);
  }

  async #watch(sending: Promise<readonly SendResult[]>, sender: Sender): Promise<readonly SendResult[]> {
    const results = await sending;
    if (sender !== this.#inner) return results;
    const failure = results.find((result) => !result.ok && isInVain(result));
    if (failure === undefined || failure.ok) this.#failed = 0;
    else {
      this.#failed += 1;
      // Somebody else has left the client for a reason.
      const left = this.#parts.care.generation !== this.#generation;
      if (left || this.#failed >= inVain) this.#renew(failure.error.message);
    }
    return results;
  }

  #renew(why: string): void {
    const { care, open, runtime, gapMs, recycled } = this.#parts;
    const nowMs = runtime.elapsed();
    if (nowMs < this.#notBeforeMs) return;
    this.#notBeforeMs = nowMs + gapMs * (1 + runtime.random("recycle"));
    const old = this.#inner;
    try {
      care.leave(this.#generation);
      this.#inner = open();
    } catch {
      // The old one is all there is: tried again after the next failures.
      return;
    }
    this.#generation = care.generation;
    this.#failed = 0;
    const closing: Promise<void> = Promise.resolve()
      .then(() => old.close())
      .catch(() => undefined)
      .finally(() => this.#retired.delete(closing));
    this.#retired.add(closing);
    recycled(why);
  }
}

const noAnswer: ReadonlySet<string> = new Set(["ambiguousSend", "timeout", "transportFailed", "closed"]);

const isInVain = (result: Exclude<SendResult, { readonly ok: true }>): boolean =>
  result.unsent !== true && (noAnswer.has(result.error.code) || result.error.class === "auth");
