import { createKernel, type BrokerOptions } from "./create-kernel.js";
import { comeDue } from "./due.js";
import { flush } from "./flush.js";
import type { Kernel, Timed } from "./kernel.js";
import { MessagingDoor } from "./messaging-door.js";

export type { BrokerOptions } from "./create-kernel.js";

/**
 * A broker with no entities.
 *
 * @param kernel Its state, for an owner who takes snapshots.
 */
export const createBroker = (options: BrokerOptions, kernel = createKernel(options)): Broker =>
  new Broker(kernel);

/**
 * Queues, topics, subscriptions and sessions that behave like Azure Service Bus.
 *
 * A synchronous state machine: time moves only by `advanceTo`, callbacks run before the call that caused them returns, and
 * a refusal is thrown as {@link BrokerError}. Addresses are `q`, `t`, `t/Subscriptions/s`, and each queue's or
 * subscription's with `/$deadletterqueue`; letter case means nothing in them.
 */
export class Broker extends MessagingDoor {
  readonly #kernel: Kernel;
  readonly #fire: (timed: Timed) => void;

  constructor(kernel: Kernel) {
    super(kernel);
    this.#kernel = kernel;
    this.#fire = (timed) => {
      comeDue(kernel, timed);
      flush(kernel);
    };
  }

  get nowMs(): number {
    return this.#kernel.startMs + this.#kernel.wheel.nowMs();
  }

  /** Moves time, never back, and does everything that is due on the way, in order. */
  advanceTo(nowMs: number): void {
    const kernel = this.#kernel;
    if (kernel.begun) kernel.wheel.advanceTo(nowMs - kernel.startMs, this.#fire);
    else kernel.startMs = Math.max(kernel.startMs, nowMs);
  }

  /** When `advanceTo` has something to do next. May be early, never late. */
  nextDueMs(): number | undefined {
    const dueMs = this.#kernel.wheel.nextDueMs();
    return dueMs === undefined ? undefined : this.#kernel.startMs + dueMs;
  }
}
