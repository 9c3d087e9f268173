import { administrationOf, type Administration } from "./administration-door.js";
import { comeDue } from "./due.js";
import { createEntities } from "./entities.js";
import { flush } from "./flush.js";
import type { Kernel, Tier, Timed } from "./kernel.js";
import { messagingOf, type Messaging } from "./messaging-door.js";
import { TimerWheel } from "./timer-wheel.js";

export interface BrokerOptions {
  /** The first reading of the broker's clock, in milliseconds since 1970. */
  readonly startMs: number;
  /** Makes lock tokens and missing message ids, in the form of a UUID. Default: a count, so that runs repeat. */
  readonly ids?: () => string;
  /** Decides the size limits. Default `standard`. */
  readonly tier?: Tier;
}

/**
 * Queues, topics, subscriptions and sessions that behave like Azure Service Bus.
 *
 * A synchronous state machine: time moves only by `advanceTo`, callbacks run before the call that caused them returns, and
 * a refusal is thrown as {@link BrokerError}. Addresses are `q`, `t`, `t/Subscriptions/s`, and each queue's or
 * subscription's with `/$deadletterqueue`; letter case means nothing in them.
 */
export interface Broker extends Administration, Messaging {
  readonly nowMs: number;
  /** Moves time, never back, and does everything that is due on the way, in order. */
  advanceTo(nowMs: number): void;
  /** When `advanceTo` has something to do next. May be early, never late. */
  nextDueMs(): number | undefined;
}

export function createBroker(options: BrokerOptions): Broker {
  const kernel: Kernel = {
    tier: options.tier ?? "standard",
    wheel: new TimerWheel<Timed>(options.startMs),
    nextId: options.ids ?? countingIds(),
    entities: createEntities(),
    lockTokens: new Map(),
    pending: [],
    flushing: false,
  };
  const fire = (timed: Timed): void => {
    comeDue(kernel, timed);
    flush(kernel);
  };
  return {
    get nowMs() {
      return kernel.wheel.nowMs();
    },
    advanceTo(nowMs) {
      kernel.wheel.advanceTo(nowMs, fire);
    },
    nextDueMs: () => kernel.wheel.nextDueMs(),
    ...administrationOf(kernel),
    ...messagingOf(kernel),
  };
}

function countingIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${(count += 1).toString(16).padStart(12, "0")}`;
}
