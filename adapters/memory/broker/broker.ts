import { administrationOf, type Administration } from "./administration-door.js";
import { createKernel, type BrokerOptions } from "./create-kernel.js";
import { comeDue } from "./due.js";
import { flush } from "./flush.js";
import type { Timed } from "./kernel.js";
import { messagingOf, type Messaging } from "./messaging-door.js";

export type { BrokerOptions } from "./create-kernel.js";

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

/** @param kernel Its state, for an owner who takes snapshots. */
export function createBroker(options: BrokerOptions, kernel = createKernel(options)): Broker {
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
