import { comeDue } from "./due.js";
import { createEntities } from "./entities.js";
import { flush } from "./flush.js";
import type { Kernel, Tier, Timed } from "./kernel.js";
import { LockTokens } from "./lock-tokens.js";
import { MessagingDoor } from "./messaging-door.js";
import { TimerWheel } from "./timer-wheel.js";

export interface BrokerOptions {
  /** The first reading of the broker's clock, in milliseconds since 1970. */
  readonly startMs: number;
  /** Makes lock tokens and missing message ids, in the form of a UUID. Default: a count, so that runs repeat. */
  readonly ids?: () => string;
  /** Decides the size limits. Default `standard`. */
  readonly tier?: Tier;
}

/** A broker with no entities. */
export const createBroker = ({ startMs, ids = countingIds(), tier = "standard" }: BrokerOptions): Broker =>
  new Broker({
    tier,
    startMs,
    begun: false,
    wheel: new TimerWheel<Timed>(),
    nextId: ids,
    entities: createEntities(),
    lockTokens: new LockTokens(ids),
    pending: [],
    flushing: false,
  });

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

function countingIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${(count += 1).toString(16).padStart(12, "0")}`;
}
