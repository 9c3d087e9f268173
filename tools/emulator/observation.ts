import type { Connection, FrameTap, OpenConnection } from "./amqp/engine/engine.js";
import type { EmulatorClock } from "./clock.js";
import { WireFaults, type Faults } from "./faults/faults.js";
import { EventRecorder, type Recorder } from "./recorder.js";
import { WatchedLinks } from "./watch/watched-links.js";

/** Recorder and faults of one emulator, put between its AMQP engine and its services. */
export interface Observation {
  readonly recorder: Recorder;
  /** @throws {Error} if there is none */
  readonly faults: Faults;
  readonly tap: FrameTap | undefined;
  around(open: OpenConnection): OpenConnection;
  clear(): void;
}

/** @param connections Those that are open. */
export function observing(
  clock: EmulatorClock,
  limit: number,
  connections: () => readonly Connection[],
): Observation {
  const recorder = new EventRecorder(clock, limit);
  const faults: WireFaults = new WireFaults({ connections, links: () => links.live() });
  const links: WatchedLinks = new WatchedLinks(recorder, faults);
  return {
    recorder,
    faults,
    tap: faults.tap,
    around: (open) => links.around(open),
    clear() {
      faults.clear();
      recorder.clear();
    },
  };
}

/** Nothing between engine and services. */
export function unobserved(clock: EmulatorClock): Observation {
  const recorder = new EventRecorder(clock, 0);
  return {
    recorder,
    get faults(): Faults {
      throw new Error("this emulator injects no faults: start it without observe: false");
    },
    tap: undefined,
    around: (open) => open,
    clear: () => undefined,
  };
}
