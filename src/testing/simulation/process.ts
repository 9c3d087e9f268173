import { draw } from "../../runtime/random.js";
import { Activity } from "../../runtime/activity.js";
import type { PortName, Runtime } from "../../runtime/runtime.js";
import type { Delivery } from "../../transport/transport.js";
import type { History } from "./history.js";
import { at } from "./checkers/seen.js";
import { nameOf } from "./trace.js";
import type { Actor, GateName, SimWorld } from "./world.js";

/** What a process is made of. */
export interface ProcessOptions {
  readonly world: SimWorld;
  readonly history: History;
  readonly name: string;
  /** How far its wall clock is off. */
  readonly skewMs: number;
  /** Told once, when it dies. */
  readonly onCrash: () => void;
  /** Answers a crossing itself instead of the boundary: a seeded bug. */
  readonly intercept?: (
    port: PortName,
    subject: string,
    id: string,
  ) => { readonly answer: unknown } | undefined;
}

/**
 * A process of the simulation: its runtime turns every crossing of a boundary into a gate before the effect and a
 * gate before the answer, and answers nothing any more once it is dead.
 *
 * A handler starts at once, as in production; what it waits for is its own affair, and its end is a gate.
 */
export class SimProcess implements Actor {
  readonly name: string;
  readonly runtime: Runtime;
  alive = true;
  paused = false;
  /** It was told to stop. */
  stopping = false;
  /** The crossing whose effect happens right now, if it is a renewal. */
  crossing = "";
  readonly #options: ProcessOptions;
  readonly #counts = new Map<string, number>();
  /** How often each gate was used, by what it is, its subject and its id. */
  readonly #crossings = new Map<string, Map<string, Map<string, number>>>();
  #crashAt: { readonly port: PortName; readonly when: "before" | "after" } | undefined;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.name = options.name;
    const { world, skewMs } = options;
    this.runtime = {
      now: () => world.nowMs + skewMs,
      elapsed: () => world.nowMs - world.startMs,
      after: (delayMs, run) => world.after(this, delayMs, run),
      hold: () => ({ cancel: () => undefined }),
      defer: (run) => {
        world.defer(this, run);
      },
      random: (name) => draw(world.seed, this.#nth(`random ${name}`)),
      uuid: (name) => this.#nth(`uuid ${name}`),
      port: (port, subject, id, call) => this.#cross(port, subject, id, call),
      activity: new Activity(),
    };
  }

  /** Notes a checkpoint that was stored past the boundary that is watched: a seeded bug does. */
  note({ broker }: Delivery): void {
    this.#options.history.add({
      kind: "checkpointed",
      process: this.name,
      partition: broker.partition ?? "",
      sequence: Number(broker.sequenceNumber),
      ok: true,
    });
  }

  /** Dies at the next crossing of that boundary. */
  crashAt(port: PortName, when: "before" | "after"): void {
    this.#crashAt = { port, when };
  }

  crash(): void {
    this.#crashAt = undefined;
    if (!this.alive) return;
    this.alive = false;
    this.#options.history.add({ kind: "life", process: this.name, step: "crashed", detail: "" });
    this.#options.onCrash();
  }

  pause(forMs: number): void {
    const { world, history, name } = this.#options;
    this.paused = true;
    history.add({ kind: "life", process: name, step: "paused", detail: `${forMs} ms` });
    world.after({ name: "world", alive: true, paused: false }, forMs, () => {
      this.resume();
    });
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    this.#options.history.add({ kind: "life", process: this.name, step: "resumed", detail: "" });
    this.#options.world.release();
  }

  /** Waits on the virtual clock. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.runtime.after(ms, resolve);
    });
  }

  /** Waits until the scheduler goes on with it. */
  turn(name: string): Promise<void> {
    return new Promise((resolve) => {
      this.#options.world.gate(this, this.#named(name, "", ""), resolve);
    });
  }

  #cross<T>(port: PortName, subject: string, id: string, call: () => T): T {
    if (!this.alive) return silence();
    const { history, intercept, world } = this.#options;
    const intercepted = intercept?.(port, subject, id);
    if (intercepted !== undefined) return intercepted.answer as T;
    const name = this.#named(port, subject, id);
    if (port === "store" || port === "renew")
      history.add({ kind: "asked", process: this.name, port, subject, id });
    // What the core gets is a promise where the boundary may give a value: every caller takes both.
    return new Promise((resolve, reject) => {
      const crossing: Crossing = { port, name, call, resolve, reject };
      if (port === "handler") this.#effect(crossing);
      else world.gate(this, name, () => this.#effect(crossing), ">");
    }) as T;
  }

  /** The effect, a crash before or after it, and the gate before its answer. */
  #effect(crossing: Crossing): void {
    const { port, name, call, resolve, reject } = crossing;
    if (this.#dies(port, "before")) return;
    if (port === "renew") this.crossing = nameOf(this, name);
    try {
      const made = call();
      if (made instanceof Promise) {
        made.then(
          (value: unknown) => this.#answer(crossing, resolve, value),
          (error: unknown) => this.#answer(crossing, reject, error),
        );
      } else this.#answer(crossing, resolve, made);
    } catch (error) {
      this.#answer(crossing, reject, error);
    }
  }

  /** The gate before an answer. A handler may throw anything, and that is what the core must hear. */
  #answer({ port, name }: Crossing, give: (what: unknown) => void, what: unknown): void {
    if (!this.alive || this.#dies(port, "after")) return;
    const { world, history } = this.#options;
    const answered = (): void => {
      const { subject, id } = name;
      const crossing = port === "renew" ? nameOf(this, name) : "";
      if (port === "store" || port === "renew")
        history.add({ kind: "answered", process: this.name, port, subject, id, crossing });
      give(what);
    };
    world.gate(this, name, answered, "<");
  }

  #dies(port: PortName, when: "before" | "after"): boolean {
    const plan = this.#crashAt;
    if (plan?.port !== port || plan.when !== when) return false;
    this.crash();
    return true;
  }

  /** A name of a gate that this process has not used before. */
  #named(what: string, subject: string, id: string): GateName {
    const ofWhat = at(this.#crossings, what, () => new Map<string, Map<string, number>>());
    const ofSubject = at(ofWhat, subject, () => new Map<string, number>());
    const nth = (ofSubject.get(id) ?? 0) + 1;
    ofSubject.set(id, nth);
    return { what, subject, id, nth };
  }

  /** The name, told apart from its earlier uses in this process. */
  #nth(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  }
}

interface Crossing {
  readonly port: PortName;
  /** Told apart from the earlier crossings of the process. */
  readonly name: GateName;
  readonly call: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** What the dead hear: nothing, for ever. */
function silence<T>(): T {
  return new Promise<never>(() => undefined) as T;
}
