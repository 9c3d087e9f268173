import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import { WaybillError } from "../errors.js";
import type { Activity } from "./activity.js";
import type { DueTimer } from "./timer-heap.js";

/** How far to drive. */
export interface DriveOptions {
  /** The virtual time to reach, in milliseconds since the Unix epoch. Default: now, so only what is due runs. */
  readonly target?: number;
  /** Drives until this answers `true` instead, through timers of any time; `target` is not looked at. */
  readonly ended?: () => boolean;
  /** Real milliseconds that busy work may take in one stretch: a bound of failure, never a wait. Default 1,000. */
  readonly limitMs?: number;
}

/** What a drive moves. */
export interface World {
  readonly activity: Activity;
  now(): number;
  /** Moves time forward, never back. */
  moveTo(ms: number): void;
  /** Takes the oldest deferred task. */
  takeTask(): (() => void) | undefined;
  /** Takes the first timer that is due up to then. */
  takeTimer(upToMs: number): DueTimer | undefined;
}

/**
 * Runs deferred tasks and timers, one per real turn of the event loop, until nothing is left to do.
 *
 * Virtual time moves only when every piece of work has ended or waits on Waybill, so work with real I/O is waited for
 * while time stands still. One task or timer per turn makes the trace independent of how many awaits user code has.
 * @throws {WaybillError} `notQuiet` if work neither ends nor waits within `limitMs`, or never stops beginning.
 */
export async function drive(world: World, options: DriveOptions): Promise<void> {
  const { ended, limitMs = 1000 } = options;
  const { activity } = world;
  const targetMs = ended ? Number.MAX_VALUE : Math.max(world.now(), finite(options.target ?? world.now()));
  const begunBefore = activity.begun;
  let stepsInPlace = 0;
  for (;;) {
    await turn();
    if (activity.begun - begunBefore > maxBegun) throw endless(activity);
    if (activity.busy > 0) {
      await idle(activity, limitMs);
      continue;
    }
    if (ended?.()) return;
    const beforeMs = world.now();
    if (!step(world, targetMs)) break;
    // While stopping, passing time is no progress: a timer that sets itself again would be driven for ever.
    stepsInPlace = !ended && world.now() > beforeMs ? 0 : stepsInPlace + 1;
    if (stepsInPlace > maxStepsInPlace) throw spinning(ended !== undefined);
  }
  if (!ended) world.moveTo(targetMs);
}

const maxBegun = 100_000;
const maxStepsInPlace = 1_000_000;

/** One turn of the event loop: all microtasks and ticks, and those that they queue, have run when it resolves. */
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Runs exactly one deferred task, or else exactly one timer; answers whether there was one. */
function step(world: World, targetMs: number): boolean {
  const task = world.takeTask();
  if (task) {
    task();
    return true;
  }
  const timer = world.takeTimer(targetMs);
  if (!timer) return false;
  world.moveTo(timer.dueMs);
  timer.run();
  return true;
}

/** Waits until nothing is busy. */
async function idle(activity: Activity, limitMs: number): Promise<void> {
  const isIdle = activity.whenIdle().then(() => true);
  // A process that was stopped for a while (a debugger, a busy machine) finds one slice over when it wakes, not all.
  const slices = 4;
  for (let slice = 0; slice < slices; slice += 1) {
    if (await within(isIdle, limitMs / slices)) return;
  }
  throw stuck(activity, limitMs);
}

/** Whether the promise resolves before that many real milliseconds. */
async function within(done: Promise<boolean>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  try {
    return await Promise.race([done, late]);
  } finally {
    clearTimeout(timer);
  }
}

function stuck(activity: Activity, limitMs: number): WaybillError {
  return new WaybillError(
    "notQuiet",
    `virtual time stands still: after ${limitMs} ms of real time there is work that neither ended nor waits on ` +
      `Waybill: ${named(activity)}. In a fake that waits for an abort use \`bus.hang(signal)\`; wait for time with ` +
      "`ctx.sleep`; real I/O that takes this long belongs behind a fake",
  );
}

function endless(activity: Activity): WaybillError {
  return new WaybillError(
    "notQuiet",
    `more than ${maxBegun} deliveries and sends began and there is no end: do two handlers send to each other? ` +
      `Now at work: ${named(activity)}`,
  );
}

function spinning(stopping: boolean): WaybillError {
  const what = stopping ? "the stop has not ended" : "virtual time has not moved";
  return new WaybillError(
    "notQuiet",
    `${what} after ${maxStepsInPlace} timers and deferred tasks: does one of them set itself again for ever?`,
  );
}

function named(activity: Activity): string {
  const names = activity.describe();
  const shown = names.slice(0, 50).join("; ");
  return names.length > 50 ? `${shown}; and ${names.length - 50} more` : shown || "nothing";
}

function finite(target: number): number {
  if (Number.isFinite(target)) return target;
  throw new WaybillError("invalidOption", `target is ${target}; give a time in milliseconds`);
}
