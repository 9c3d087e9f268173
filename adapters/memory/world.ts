import { createBroker, type Broker } from "./broker/broker.js";
import { createNotifier, type Notifier } from "./broker/notifier/notifier.js";
import { createCheckpointTable, type CheckpointTable } from "./broker/stream/checkpoints.js";
import { createStreamEngine, type StreamEngine } from "./broker/stream/stream-engine.js";
import { Clock } from "./clock.js";
import type { ConsumerGroup } from "./consumer-group.js";
import type { Declaration } from "./declaration.js";
import type { ListenerState } from "./listener-state.js";

/** What all connections of one in-memory broker share. */
export interface World {
  /** Queues and topics. */
  readonly broker: Broker;
  readonly streams: StreamEngine;
  readonly notifier: Notifier;
  readonly clock: Clock;
  /** What contracts have said of entities, by kind and name. */
  readonly declarations: Map<string, Declaration>;
  /** Of consumer groups. */
  readonly checkpoints: CheckpointTable;
  /** By hub and name. */
  readonly groups: Map<string, ConsumerGroup>;
  /** Listeners, by notifications channel and name. */
  readonly listeners: Map<string, ListenerState>;
}

/** An empty broker, whose time begins with the first connection. */
export function createWorld(): World {
  const broker = createBroker({ startMs: 0 });
  const streams = createStreamEngine({ startMs: 0 });
  const notifier = createNotifier({ startMs: 0 });
  return {
    broker,
    streams,
    notifier,
    clock: new Clock({ broker, streams, notifier }),
    declarations: new Map(),
    checkpoints: createCheckpointTable(),
    groups: new Map(),
    listeners: new Map(),
  };
}
