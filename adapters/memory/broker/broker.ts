import { comeDue } from "./due.js";
import { createEntities } from "./entities.js";
import { flush } from "./flush.js";
import type { Kernel, Tier, Timed } from "./kernel.js";
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
    wheel: new TimerWheel<Timed>(startMs),
    nextId: ids,
    entities: createEntities(),
    lockTokens: new Map(),
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
    return this.#kernel.wheel.nowMs();
  }

  /** Moves time, never back, and does everything that is due on the way, in order. */
  advanceTo(nowMs: number): void {
    this.#kernel.wheel.advanceTo(nowMs, this.#fire);
  }

  /** When `advanceTo` has something to do next. May be early, never late. */
  nextDueMs(): number | undefined {
    return this.#kernel.wheel.nextDueMs();
  }
}

function countingIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${(count += 1).toString(16).padStart(12, "0")}`;
}
