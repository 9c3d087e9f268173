import type { Entities } from "./entities.js";
import type { Lane } from "./lane.js";
import type { MessageRecord } from "./record.js";
import type { Session } from "./session.js";
import type { TimerWheel } from "./timer-wheel.js";

/** What waits in the timer wheel. */
export type Timed = MessageRecord | Session;

/** Decides the size limits: 256 KiB a message and a batch, or the entity's own limit and 1 MiB a batch. */
export type Tier = "standard" | "premium";

/** The state that all parts of one broker share. */
export interface Kernel {
  readonly tier: Tier;
  readonly wheel: TimerWheel<Timed>;
  readonly nextId: () => string;
  readonly entities: Entities;
  /** Locks whose token somebody has seen. */
  readonly lockTokens: Map<string, MessageRecord>;
  /** What the operation in progress has to do when its own change is complete: see `flush`. */
  readonly pending: (Lane | (() => void))[];
  flushing: boolean;
}

/** Notes that something in `lane` may concern a receiver, a forwarder or somebody who waits for a session. */
export function touch(kernel: Kernel, lane: Lane): void {
  if (lane.touched) return;
  lane.touched = true;
  kernel.pending.push(lane);
}
