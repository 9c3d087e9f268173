import type { Entities } from "./entities.js";
import type { Lane } from "./lane.js";
import type { LockTokens } from "./lock-tokens.js";
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
  /**
   * Milliseconds since 1970, where the wheel's time is 0. Inside, every time counts from here; the doors add it. It moves
   * with the clock until there is an entity, so that a broker that is made with no idea of the time counts from little.
   */
  startMs: number;
  begun: boolean;
  readonly wheel: TimerWheel<Timed>;
  readonly nextId: () => string;
  readonly entities: Entities;
  readonly lockTokens: LockTokens;
  /** What the operation in progress has to do when its own change is complete: see `flush`. */
  readonly pending: (Lane | (() => void))[];
  flushing: boolean;
}

/** Notes that something in `lane` may concern a receiver, a forwarder or somebody who waits for a session. */
export function touch(kernel: Kernel, lane: Lane): void {
  if (lane.touched || concernsNobody(lane)) return;
  lane.touched = true;
  kernel.pending.push(lane);
}

/** Who comes later looks for himself: a receiver that starts to wait, a session that is accepted, changed settings. */
const concernsNobody = (lane: Lane): boolean =>
  lane.waiting.head === undefined &&
  lane.session === undefined &&
  lane.store.settings.forwardTo === undefined;
