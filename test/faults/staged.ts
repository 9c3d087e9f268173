import { gridPlace, type GridPlace, type GridPlaceOptions } from "./grid-place.js";
import {
  eventHubsPlace,
  serviceBusPlace,
  storagePlace,
  type AmqpPlace,
  type AmqpPlaceOptions,
  type StoragePlace,
} from "./places.js";
import type { Outcome, Row } from "./row.js";
import { Stage, type StageOptions } from "./stage.js";

/** What a row injects while messages flow; answers how often it struck. */
export type Act<P> = (stage: Stage, place: P) => Promise<number>;

export interface Script<P> extends StageOptions {
  readonly f: number;
  readonly injected: string;
  readonly holds: readonly string[];
  /** Runs when no other row does. */
  readonly alone?: boolean;
  readonly act: Act<P>;
  /** Whether messages flow while it acts. Default true. */
  readonly flow?: boolean;
  /** Messages of each key that are done before it acts. Default 2. */
  readonly before?: number;
  /** What is done before the applications are started. */
  readonly prepare?: (place: P) => void;
}

export type AmqpScript = Script<AmqpPlace> & Omit<AmqpPlaceOptions, "seed">;

export const onQueue = (script: AmqpScript): Row =>
  rowOf("service-bus", script, (seed) => serviceBusPlace("plain", { ...script, seed }));

export const onSessions = (script: AmqpScript): Row =>
  rowOf("service-bus sessions", script, (seed) => serviceBusPlace("sessions", { ...script, seed }));

export const onHub = (script: AmqpScript): Row =>
  rowOf("event-hubs", script, (seed) => eventHubsPlace({ ...script, seed }));

/** On all that speak AMQP. */
export const overAmqp = (script: AmqpScript): readonly Row[] => [
  onQueue(script),
  onSessions(script),
  onHub(script),
];

export const onStorage = (script: Script<StoragePlace>): Row =>
  rowOf("storage-queue", script, (seed) => storagePlace({ seed }));

export const onGrid = (script: Script<GridPlace> & Omit<GridPlaceOptions, "seed">): Row =>
  rowOf("event-grid", script, (seed) => gridPlace({ ...script, seed }));

export function rowOf<P extends Stage["place"]>(
  on: Row["on"],
  script: Script<P>,
  open: (seed: number) => Promise<P>,
): Row {
  const { f, injected, holds, alone = false } = script;
  return { f, on, injected, holds, alone, run: async (seed) => played(script, await open(seed)) };
}

/** Plays a script: some messages, the fault while more flow, the end of it all. */
async function played<P extends Stage["place"]>(script: Script<P>, place: P): Promise<Outcome> {
  const stage = new Stage(place, script);
  try {
    script.prepare?.(place);
    await stage.open();
    const { before = 2 } = script;
    await stage.send(before);
    if (script.flow ?? true) {
      stage.flow();
      await stage.progress(1);
    }
    return await stage.finish(await script.act(stage, place));
  } finally {
    await stage.close();
  }
}
