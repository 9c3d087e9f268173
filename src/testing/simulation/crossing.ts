import type { PortName } from "../../runtime/runtime.js";
import type { History } from "./history.js";
import type { SimProcess } from "./process.js";
import type { Gate, GateName, Side, SimWorld } from "./world.js";

/** What a crossing is made of. */
export interface CrossingParts {
  readonly world: SimWorld;
  readonly history: History;
  readonly port: PortName;
  readonly name: GateName;
  readonly call: () => unknown;
}

/**
 * One crossing of a boundary: the gate before its effect, and then the gate before its answer.
 *
 * A handler has neither. It starts at once, and the core hears of its end at once, as in production; what it waits for
 * in between has gates of its own.
 */
export class Crossing implements Gate {
  readonly actor: SimProcess;
  readonly name: GateName;
  side: Side = ">";
  readonly answer: Promise<unknown>;
  readonly #parts: CrossingParts;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;
  #failed = false;
  #value: unknown;

  constructor(process: SimProcess, parts: CrossingParts) {
    this.actor = process;
    this.name = parts.name;
    this.#parts = parts;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (parts.port === "handler") this.#effect();
    else {
      if (this.#isNoted) this.#note("asked");
      parts.world.gate(this);
    }
  }

  run(): void {
    if (this.side === ">") this.#effect();
    else this.#give();
  }

  /** The effect, and a crash before it. */
  #effect(): void {
    const { port, call } = this.#parts;
    if (this.actor.dies(port, "before")) return;
    this.actor.crossing = this.name.nth;
    try {
      const made = call();
      if (made instanceof Promise) made.then(this.#answered, this.#refused);
      else this.#answered(made);
    } catch (error) {
      this.#refused(error);
    }
  }

  readonly #answered = (value: unknown): void => {
    this.#value = value;
    this.#end();
  };

  /** A handler may throw anything, and that is what the core must hear. */
  readonly #refused = (error: unknown): void => {
    this.#failed = true;
    this.#answered(error);
  };

  /** A crash after the effect, or the gate before its answer. */
  #end(): void {
    const { port, world } = this.#parts;
    if (!this.actor.alive || this.actor.dies(port, "after")) return;
    this.side = "<";
    if (port === "handler") this.#give();
    else world.gate(this);
  }

  #give(): void {
    if (this.#isNoted) this.#note("answered");
    if (this.#failed) this.#reject(this.#value);
    else this.#resolve(this.#value);
  }

  get #isNoted(): boolean {
    const { port } = this.#parts;
    return port === "store" || port === "renew";
  }

  #note(kind: "asked" | "answered"): void {
    const { history, port, name } = this.#parts;
    const { actor: process, subject, id, nth } = name;
    history.add({ kind, process, port, subject, id, crossing: nth });
  }
}
