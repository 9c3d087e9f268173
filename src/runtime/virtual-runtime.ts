import { Activity } from "./activity.js";
import { drive, type DriveOptions } from "./drive.js";
import { digest, lengthPrefixed } from "./hash.js";
import { draw } from "./random.js";
import type { Runtime } from "./runtime.js";
import { TimerHeap } from "./timer-heap.js";

/** Options for {@link virtualRuntime}. */
export interface VirtualRuntimeOptions {
  /** Where the wall clock begins, in milliseconds since the Unix epoch. Default: the start of 2026, UTC. */
  readonly startMs?: number;
  /** Decides every random number and identifier. Default `"waybill"`. */
  readonly seed?: string;
}

/** A runtime whose time moves only while it is driven. */
export interface VirtualRuntime extends Runtime {
  /**
   * Runs all that is due until nothing is busy, in virtual time up to `target` or until `ended`.
   *
   * One drive runs at a time; another one waits for its turn and then starts from where time has come to. What a
   * timer or a deferred task throws rejects the drive.
   * @throws {WaybillError} `notQuiet` if work neither ends nor waits, or never stops beginning.
   */
  drive(options?: DriveOptions): Promise<void>;
}

/** The runtime of tests: virtual time, and randomness that depends on nothing but the seed and the names. */
export function virtualRuntime(options: VirtualRuntimeOptions = {}): VirtualRuntime {
  const { startMs = Date.UTC(2026, 0, 1), seed = "waybill" } = options;
  const activity = new Activity();
  const timers = new TimerHeap();
  const tasks = fifo<() => void>();
  const nthDraw = counters();
  const nthUuid = counters();
  let nowMs = startMs;
  let lastDrive = Promise.resolve();

  const world = {
    activity,
    now: () => nowMs,
    moveTo: (ms: number) => void (nowMs = Math.max(nowMs, ms)),
    takeTask: tasks.take,
    takeTimer: (upToMs: number) => timers.take(upToMs),
  };
  return {
    activity,
    now: world.now,
    elapsed: () => nowMs - startMs,
    after: (delayMs, run) => timers.add(nowMs + Math.max(0, delayMs), run),
    hold: () => ({ cancel: () => undefined }),
    defer: tasks.add,
    random: (name) => draw(seed, lengthPrefixed([name, String(nthDraw(name))])),
    uuid: (name) => seededUuid([seed, name, String(nthUuid(name))]),
    port: (_port, _subject, _id, call) => call(),
    drive: (how = {}) => {
      const mine = lastDrive.then(() => drive(world, how));
      lastDrive = mine.catch(() => undefined);
      return mine;
    },
  };
}

/** First in, first out. Takes advance an index: `shift` would move a long array at every task. */
function fifo<T>(): { add: (item: T) => void; take: () => T | undefined } {
  let items: T[] = [];
  let next = 0;
  return {
    add: (item) => void items.push(item),
    take: () => {
      if (next === items.length) return undefined;
      const item = items[next++];
      if (next > 1000 && next * 2 > items.length) {
        items = items.slice(next);
        next = 0;
      }
      return item;
    },
  };
}

/** Numbers the uses of each name from 0. */
function counters(): (name: string) => number {
  const used = new Map<string, number>();
  return (name) => {
    const count = used.get(name) ?? 0;
    used.set(name, count + 1);
    return count;
  };
}

/** The shape of a version 4 UUID (RFC 9562, section 5.4), its bits from a digest over the parts. */
function seededUuid(parts: readonly string[]): string {
  const hex = Buffer.from(digest(lengthPrefixed(parts)), "base64url").toString("hex");
  const variant = "89ab"[Number.parseInt(hex.slice(16, 17), 16) % 4]!;
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}
