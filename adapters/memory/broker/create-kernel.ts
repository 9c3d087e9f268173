import { createEntities } from "./entities.js";
import type { Kernel, Tier, Timed } from "./kernel.js";
import { LockTokens } from "./lock-tokens.js";
import { TimerWheel } from "./timer-wheel.js";

export interface BrokerOptions {
  /** The first reading of the broker's clock, in milliseconds since 1970. */
  readonly startMs: number;
  /** Makes lock tokens and missing message ids, in the form of a UUID. Default: a count, so that runs repeat. */
  readonly ids?: () => string;
  /** Decides the size limits. Default `standard`. */
  readonly tier?: Tier;
}

/** The state of an empty broker. Whoever keeps it can take a snapshot: see `snapshot/`. */
export function createKernel({ startMs, ids = countingIds(), tier = "standard" }: BrokerOptions): Kernel {
  return {
    tier,
    startMs,
    begun: false,
    wheel: new TimerWheel<Timed>(),
    nextId: ids,
    entities: createEntities(),
    lockTokens: new LockTokens(ids),
    pending: [],
    flushing: false,
  };
}

function countingIds(): () => string {
  let count = 0;
  return () => `00000000-0000-4000-8000-${(count += 1).toString(16).padStart(12, "0")}`;
}
