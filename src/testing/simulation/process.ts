import { draw } from "../../runtime/random.js";
import { Activity } from "../../runtime/activity.js";
import type { PortName, Runtime } from "../../runtime/runtime.js";
import type { Delivery } from "../../transport/transport.js";
import { Crossing } from "./crossing.js";
import type { History } from "./history.js";
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
  /** The crossing whose effect began last. */
  crossing = 0;
  readonly #options: ProcessOptions;
  readonly #counts = new Map<string, number>();
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
  turn(what: string, subject = "", id = ""): Promise<void> {
    return new Promise((resolve) => {
      this.#options.world.gate({ actor: this, name: this.#named(what, subject, id), side: "", run: resolve });
    });
  }

  #cross<T>(port: PortName, subject: string, id: string, call: () => T): T {
    if (!this.alive) return silence();
    const { intercept } = this.#options;
    const intercepted = intercept?.(port, subject, id);
    if (intercepted !== undefined) return intercepted.answer as T;
    const { world, history } = this.#options;
    const crossing = new Crossing(this, { world, history, port, name: this.#named(port, subject, id), call });
    // What the core gets is a promise where the boundary may give a value: every caller takes both.
    return crossing.answer as T;
  }

  /** Whether it dies here. */
  dies(port: PortName, when: "before" | "after"): boolean {
    const plan = this.#crashAt;
    if (plan?.port !== port || plan.when !== when) return false;
    this.crash();
    return true;
  }

  /** A name of a gate that this process has not used before. */
  #named(what: string, subject: string, id: string): GateName {
    return { actor: this.name, what, subject, id, nth: this.#options.world.nextGate() };
  }

  /** The name, told apart from its earlier uses in this process. */
  #nth(name: string): string {
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  }
}

/** What the dead hear: nothing, for ever. */
function silence<T>(): T {
  return new Promise<never>(() => undefined) as T;
}
