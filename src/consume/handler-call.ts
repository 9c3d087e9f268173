import { runAround } from "./around.js";
import type { DeliveryRun, Wait } from "./delivery-run.js";
import type { Consumer } from "./environment.js";
import type { Received } from "./received.js";
import type { WaybillError } from "../errors.js";

/** Time that an aborted handler has to end before its slot is freed. */
const graceMs = 5000;

/** Told once how a call ended: with the handler's answer, or with what it threw. */
export interface Caller {
  answered(answer: unknown): void;
  threw(error: unknown): void;
}

/** A call of a handler, inside the hooks. A handler that goes on after its abort is given up after a grace. */
export class HandlerCall implements Wait {
  readonly #consumer: Consumer;
  readonly #runs: readonly DeliveryRun[];
  readonly #caller: Caller;
  #over = false;

  constructor(consumer: Consumer, runs: readonly DeliveryRun[], caller: Caller) {
    this.#consumer = consumer;
    this.#runs = runs;
    this.#caller = caller;
  }

  /** Calls `handler`; the caller is never told before this returns. */
  start(messages: readonly Received[], handler: () => unknown): void {
    const { runtime, spec } = this.#consumer;
    for (const run of this.#runs) run.waitsFor(this);
    runtime
      .port("handler", spec.channel.name, messages[0]?.id ?? "", () => this.#inside(messages, handler))
      .then(
        (answer) => {
          if (this.#end()) this.#caller.answered(answer);
        },
        (error: unknown) => {
          if (this.#end()) this.#caller.threw(error);
        },
      );
  }

  interrupted(run: DeliveryRun, error: WaybillError): void {
    this.#consumer.runtime.after(graceMs, () => {
      if (this.#over) return;
      run.zombie = true;
      this.#end();
      this.#caller.threw(error);
    });
  }

  /** Answers whether this was the first end: a handler that ends after it was given up finds its runs elsewhere. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    for (const run of this.#runs) run.waitsFor(undefined);
    return true;
  }

  /** Calls the handler, inside the hooks if there are any; a synchronous throw becomes a rejection. */
  #inside(messages: readonly Received[], handler: () => unknown): Promise<unknown> {
    const { around, service, spec } = this.#consumer;
    const [first] = this.#runs;
    try {
      if (around.length === 0 || first === undefined) return Promise.resolve(handler());
      const { name, kind } = spec.channel;
      const { signal, spent } = first;
      const run = { service, channel: name, kind, messages, attempt: spent + 1, signal };
      return runAround(around, run, handler);
    } catch (error) {
      const thrown = error as Error;
      return Promise.reject(thrown);
    }
  }
}
