import {
  restoreBroker,
  snapshotBroker,
  type BrokerSnapshot,
} from "../../adapters/memory/broker/snapshot/broker-snapshot.js";
import {
  restoreTopics,
  snapshotTopics,
  type NotifierSnapshot,
} from "../../adapters/memory/broker/snapshot/notifier-snapshot.js";
import { fromPlain, toPlain, type PlainValue } from "../../adapters/memory/broker/snapshot/plain-value.js";
import {
  restoreStreams,
  snapshotStreams,
  type StreamSnapshot,
} from "../../adapters/memory/broker/snapshot/stream-snapshot.js";
import { wireKind } from "./amqp/message/wire-kind.js";
import type { EmulatorClock } from "./clock.js";
import type { DeadLetter } from "../../adapters/memory/broker/notifier/dead-letter.js";
import { eventGridOf } from "./http/event-grid/entities.js";
import type { Namespace } from "./namespace.js";
import type { Namespaces } from "./namespaces.js";

/**
 * Everything that an emulator held at one moment, as data that JSON can hold. Made by `snapshot()`, and to be given to
 * `restore()` of the same or another emulator of this version; what is inside may change with any release.
 */
export interface EmulatorSnapshot {
  readonly format: "waybill-emulator-snapshot/1";
  /** The emulator's time, in milliseconds since 1970. */
  readonly takenAtMs: number;
  readonly namespaces: readonly PlainValue[];
}

const kinds = [wireKind];

const format = "waybill-emulator-snapshot/1";

interface NamespaceSnapshot {
  readonly name: string;
  readonly broker: BrokerSnapshot;
  readonly streams: StreamSnapshot;
  readonly eventGrid: NotifierSnapshot;
  readonly deadLetters: readonly SavedLetters[];
}

/** What an Event Grid subscription gave up, and Azure would have written to a blob. */
interface SavedLetters {
  readonly topic: string;
  readonly subscription: string;
  readonly letters: readonly DeadLetter[];
}

export function takeSnapshot(namespaces: Namespaces, clock: EmulatorClock): EmulatorSnapshot {
  const takenAtMs = clock.now();
  return { format, takenAtMs, namespaces: namespaces.all().map((each) => toPlain(snapshotOf(each), kinds)) };
}

/**
 * Makes the namespaces what they were, time included: the emulator's present is again the moment of the snapshot, so that
 * everything has as long to live as it had.
 *
 * @throws {TypeError} if it is no snapshot, or has a namespace that is not here; then nothing has changed
 */
export function restoreSnapshot(
  snapshot: EmulatorSnapshot,
  namespaces: Namespaces,
  clock: EmulatorClock,
): void {
  const saved = readSnapshot(snapshot, namespaces);
  clock.moveTo(snapshot.takenAtMs);
  for (const namespace of namespaces.all()) {
    namespace.replaceEngines();
    const own = saved.get(namespace.name);
    if (own !== undefined) fill(namespace, own);
  }
}

function snapshotOf(namespace: Namespace): NamespaceSnapshot {
  return namespace.inspect(({ kernel, streamState, topics }) => ({
    name: namespace.name,
    broker: snapshotBroker(kernel),
    streams: snapshotStreams(streamState),
    eventGrid: snapshotTopics(topics),
    deadLetters: savedLetters(namespace),
  }));
}

function readSnapshot(
  snapshot: EmulatorSnapshot,
  namespaces: Namespaces,
): ReadonlyMap<string, NamespaceSnapshot> {
  if (snapshot.format !== format || !Array.isArray(snapshot.namespaces)) {
    throw new TypeError(`this is no snapshot of this version: its format is not "${format}"`);
  }
  const all = (snapshot.namespaces as readonly PlainValue[]).map(
    (each) => fromPlain(each, kinds) as NamespaceSnapshot,
  );
  for (const { name } of all) {
    if (namespaces.named(name) !== undefined) continue;
    throw new TypeError(`the snapshot has a namespace "${name}": start the emulator with it`);
  }
  return new Map(all.map((each) => [each.name, each]));
}

function fill(namespace: Namespace, saved: NamespaceSnapshot): void {
  namespace.inspect(({ kernel, streamState, notifier }) => {
    restoreBroker(kernel, saved.broker);
    restoreStreams(streamState, saved.streams);
    const eventGrid = eventGridOf(namespace);
    restoreTopics(notifier, saved.eventGrid, (topic, name) => eventGrid.deadLetterSink(topic, name));
    for (const { topic, subscription, letters } of saved.deadLetters) {
      const keep = eventGrid.deadLetterSink(topic, subscription);
      for (const letter of letters) keep(letter);
    }
  });
}

function savedLetters(namespace: Namespace): readonly SavedLetters[] {
  const eventGrid = eventGridOf(namespace);
  return eventGrid.topics().flatMap((topic) =>
    eventGrid.subscriptions(topic).map((subscription) => {
      return { topic, subscription, letters: eventGrid.deadLetters(topic, subscription) };
    }),
  );
}
