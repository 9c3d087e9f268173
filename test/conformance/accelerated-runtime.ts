import { performance, type EventLoopUtilization } from "node:perf_hooks";
import { realRuntime, type Runtime, type TimerHandle } from "../../src/runtime/runtime.js";
import { TimerHeap } from "../../src/runtime/timer-heap.js";

/**
 * The runtime of a world with real sockets: time runs `rate` times as fast as the machine's while the process is idle, and no
 * faster than the machine's while it works.
 *
 * Everything of the world (core, adapter, the service's client, emulator) lives in this process. So what is done costs it
 * next to no time however busy the machine is, and only what is waited for is shortened: a lock does not run out because a
 * handler had to wait for a processor.
 */
export function acceleratedRuntime(rate = defaultRate): Runtime {
  const clock = new AcceleratedClock(rate);
  return {
    ...realRuntime(),
    now: () => clock.startMs + clock.elapsed(),
    elapsed: () => clock.elapsed(),
    after: (delayMs, run) => clock.after(delayMs, run),
    // The test keeps its process alive; a simulated one that dies cancels nothing.
    hold: () => ({ cancel: () => undefined }),
  };
}

const defaultRate = 25;

/** The longest stretch of the machine's time that counts: a process that was kept from running has missed the rest. */
const longestBeatMs = 3;

class AcceleratedClock {
  readonly #machine = realRuntime();
  readonly startMs = this.#machine.now();
  readonly #rate: number;
  readonly #timers = new TimerHeap();
  #waiting = 0;
  #beating = false;
  #elapsedMs = 0;
  #machineMs = this.#machine.elapsed();
  #utilization: EventLoopUtilization = performance.eventLoopUtilization();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /** Whole milliseconds, as times on the wire are. */
  elapsed(): number {
    this.#move();
    return Math.floor(this.#elapsedMs);
  }

  after(delayMs: number, run: () => void): TimerHandle {
    let waits = true;
    const over = (): boolean => {
      const first = waits;
      if (first) this.#waiting -= 1;
      waits = false;
      return first;
    };
    this.#waiting += 1;
    const timer = this.#timers.add(this.elapsed() + Math.max(0, delayMs), () => {
      if (over()) run();
    });
    this.#beat();
    return {
      cancel: () => {
        if (over()) timer.cancel();
      },
    };
  }

  #move(): void {
    const machineMs = this.#machine.elapsed();
    const passedMs = machineMs - this.#machineMs;
    if (passedMs < 0.5) return;
    const utilization = performance.eventLoopUtilization();
    const { utilization: busy } = performance.eventLoopUtilization(utilization, this.#utilization);
    this.#machineMs = machineMs;
    this.#utilization = utilization;
    this.#elapsedMs += Math.min(passedMs, longestBeatMs) * (1 + (this.#rate - 1) * (1 - busy));
  }

  /** While something waits, looks at the time in every millisecond. */
  #beat(): void {
    if (this.#beating || this.#waiting === 0) return;
    this.#beating = true;
    this.#machine.after(1, () => {
      this.#beating = false;
      const nowMs = this.elapsed();
      try {
        for (let due = this.#timers.take(nowMs); due !== undefined; due = this.#timers.take(nowMs)) due.run();
      } finally {
        this.#beat();
      }
    });
  }
}
