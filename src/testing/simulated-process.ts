import { Activity, type Work } from "../runtime/activity.js";
import type { PortName, Runtime } from "../runtime/runtime.js";

/** Where a process crashes: before or after the effect of the nth crossing of a boundary. */
export interface CrashPlan {
  readonly port: PortName;
  readonly when: "before" | "after";
  /** Which crossing from now on: 1 is the next. Default 1. */
  readonly nth?: number;
}

/** A process in the world of a test: it can die at any boundary, and then nothing of it happens any more. */
export interface SimulatedProcess {
  readonly runtime: Runtime;
  readonly alive: boolean;
  /** Dies at the planned crossing. */
  crashAt(plan: CrashPlan): void;
  /** Dies now. */
  crash(): void;
}

/**
 * Makes a process that lives in `world`. Dead, it answers no port, runs no timer and no deferred task, and its work
 * counts as gone. `onCrash` is told once.
 */
export function simulatedProcess(world: Runtime, onCrash: () => void): SimulatedProcess {
  const activity = new ProcessActivity(world.activity);
  const plans: { plan: CrashPlan; left: number }[] = [];
  let alive = true;

  const crash = (): void => {
    if (!alive) return;
    alive = false;
    activity.abandon();
    onCrash();
  };
  const due = (port: PortName, when: CrashPlan["when"]): boolean =>
    plans.some((each) => each.plan.port === port && each.plan.when === when && each.left === 0);
  const runtime: Runtime = {
    now: () => world.now(),
    elapsed: () => world.elapsed(),
    random: (name) => world.random(name),
    uuid: (name) => world.uuid(name),
    after: (delayMs, run) =>
      world.after(delayMs, () => {
        if (alive) run();
      }),
    hold: () => world.hold(),
    defer: (run) => {
      world.defer(() => {
        if (alive) run();
      });
    },
    activity,
    port: (port, subject, id, call) => {
      if (!alive) return silence();
      for (const each of plans) if (each.plan.port === port) each.left -= 1;
      if (due(port, "before")) {
        crash();
        return silence();
      }
      const answer = world.port(port, subject, id, call);
      if (!(answer instanceof Promise)) return due(port, "after") ? dying(crash) : answer;
      return answered(answer, () => alive, due(port, "after") ? crash : undefined);
    },
  };
  return {
    runtime,
    get alive() {
      return alive;
    },
    crashAt: (plan) => void plans.push({ plan, left: plan.nth ?? 1 }),
    crash,
  };
}

/** What a dead process hears: nothing, for ever. */
function silence<T>(): T {
  return new Promise<never>(() => undefined) as T;
}

function dying<T>(crash: () => void): T {
  crash();
  return silence();
}

/** The answer to a process that may be dead by the time it comes. */
function answered<T>(answer: T & Promise<unknown>, alive: () => boolean, crash: (() => void) | undefined): T {
  const heard = answer.finally(() => {
    crash?.();
    return alive() ? undefined : silence();
  });
  return heard as T;
}

/** Counts into the world's activity, and can withdraw everything at once. */
class ProcessActivity extends Activity {
  readonly #world: Activity;
  readonly #open = new Set<Work>();

  constructor(world: Activity) {
    super();
    this.#world = world;
  }

  override begin(describe: () => string): Work {
    const work = this.#world.begin(describe);
    this.#open.add(work);
    return work;
  }

  override end(work: Work): void {
    this.#open.delete(work);
    this.#world.end(work);
  }

  override suspend(work: Work): void {
    this.#world.suspend(work);
  }

  override resume(work: Work): void {
    this.#world.resume(work);
  }

  abandon(): void {
    for (const work of this.#open) this.end(work);
  }
}
