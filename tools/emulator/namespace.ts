import { randomUUID } from "node:crypto";
import { createBroker, type Broker } from "../../adapters/memory/broker/broker.js";
import { BrokerError } from "../../adapters/memory/broker/broker-error.js";
import { createKernel } from "../../adapters/memory/broker/create-kernel.js";
import type { QueueOptions, TopicOptions } from "../../adapters/memory/broker/entity-options.js";
import type { Kernel, Tier } from "../../adapters/memory/broker/kernel.js";
import { createNotifier, type Notifier } from "../../adapters/memory/broker/notifier/notifier.js";
import type { DeliveryRequest } from "../../adapters/memory/broker/notifier/push-request.js";
import type { Topic } from "../../adapters/memory/broker/notifier/topic.js";
import type { HubOptions } from "../../adapters/memory/broker/stream/hub.js";
import { createStreamEngine, type StreamEngine } from "../../adapters/memory/broker/stream/stream-engine.js";
import { createStreamState, type StreamState } from "../../adapters/memory/broker/stream/stream-state.js";
import type { EmulatorClock } from "./clock.js";

export type EntityKind = "queue" | "topic" | "hub";

export interface NamespaceOptions {
  readonly clock: EmulatorClock;
  /** Decides the size limits of Service Bus. Default `standard`. */
  readonly tier?: Tier | undefined;
  /** Makes the HTTP requests of Event Grid's push subscriptions. */
  readonly deliver: (namespace: Namespace, request: DeliveryRequest) => void;
  /** Where an Event Grid endpoint consents by hand. */
  readonly validationUrl: (namespace: Namespace, code: string) => string;
}

/** The engines of a namespace with the state that they live on, which snapshots read and fill. */
export interface Engines {
  readonly broker: Broker;
  readonly kernel: Kernel;
  readonly streams: StreamEngine;
  readonly streamState: StreamState;
  readonly notifier: Notifier;
  readonly topics: Map<string, Topic>;
}

/**
 * One virtual namespace: queues and topics, event hubs, and Event Grid topics, on the engines that the in-memory adapter
 * runs on. Queues, topics and hubs share their names, because all of them are addressed on one port.
 *
 * A reset or restore replaces the engines: take them from here for every call, and keep none of them.
 */
export class Namespace {
  readonly name: string;
  /** When it came to be, in the emulator's time. */
  readonly createdMs: number;
  readonly #options: NamespaceOptions;
  readonly #stopListening: () => void;
  #engines: Engines;
  #timer: { cancel(): void } | undefined;
  /** When the timer fires, in the machine's time: an advance brings it nearer. */
  #firesMs = Infinity;
  #depth = 0;

  constructor(name: string, options: NamespaceOptions) {
    this.name = name;
    this.createdMs = options.clock.now();
    this.#options = options;
    this.#engines = this.#emptyEngines();
    this.#stopListening = options.clock.onAdvance(() => {
      this.enter(() => undefined);
    });
  }

  get broker(): Broker {
    return this.#engines.broker;
  }

  get streams(): StreamEngine {
    return this.#engines.streams;
  }

  get notifier(): Notifier {
    return this.#engines.notifier;
  }

  /**
   * Every call of an engine goes through here: it brings the engines to the present before, and sees to it afterwards
   * that what falls due next is done then. May be nested.
   */
  enter<T>(work: () => T): T {
    if (this.#depth === 0) this.#catchUp();
    this.#depth += 1;
    try {
      return work();
    } finally {
      this.#depth -= 1;
      if (this.#depth === 0) this.#arm();
    }
  }

  /** What has that name, in whatever letter case. */
  kindOf(name: string): EntityKind | undefined {
    const key = name.toLowerCase();
    const { kernel, streamState } = this.#engines;
    return streamState.hubs.has(key) ? "hub" : kernel.entities.byName.get(key)?.kind;
  }

  /** Names of event hubs, in the order of creation. */
  hubs(): readonly string[] {
    return Array.from(this.#engines.streamState.hubs.values(), ({ name }) => name);
  }

  /** @throws {BrokerError} `com.microsoft:entity-already-exists`, also when a topic or hub has the name. */
  createQueue(name: string, options?: QueueOptions): void {
    this.#refuseTaken(name);
    this.enter(() => {
      this.broker.createQueue(name, options);
    });
  }

  /** @throws {BrokerError} `com.microsoft:entity-already-exists`, also when a queue or hub has the name. */
  createTopic(name: string, options?: TopicOptions): void {
    this.#refuseTaken(name);
    this.enter(() => {
      this.broker.createTopic(name, options);
    });
  }

  /** @throws {BrokerError} `com.microsoft:entity-already-exists`, also when a queue or topic has the name. */
  createHub(name: string, options?: HubOptions): void {
    this.#refuseTaken(name);
    this.enter(() => {
      this.streams.createHub(name, options);
    });
  }

  /** @throws {BrokerError} `amqp:not-found` */
  deleteQueue(name: string): void {
    this.enter(() => {
      this.broker.deleteQueue(name);
    });
  }

  /** @throws {BrokerError} `amqp:not-found` */
  deleteTopic(name: string): void {
    this.enter(() => {
      this.broker.deleteTopic(name);
    });
  }

  /** @throws {BrokerError} `amqp:not-found` */
  deleteHub(name: string): void {
    this.enter(() => {
      this.streams.deleteHub(name);
    });
  }

  /** Reads the state of the engines at the present. */
  inspect<T>(read: (engines: Engines) => T): T {
    return this.enter(() => read(this.#engines));
  }

  /**
   * Begins anew, with empty engines at the clock's present. Whoever is attached stays attached to the old ones, which
   * nothing moves any more: end the connections. Receives of Event Grid that wait are answered with nothing.
   */
  replaceEngines(): Engines {
    const { notifier, topics } = this.#engines;
    for (const name of [...topics.keys()]) notifier.deleteTopic(name);
    this.#engines = this.#emptyEngines();
    return this.#engines;
  }

  /** Stops its timer and leaves the clock. */
  close(): void {
    this.#stopListening();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #emptyEngines(): Engines {
    const { clock, tier, deliver, validationUrl } = this.#options;
    const startMs = clock.now();
    const settings = { startMs, ids: randomUUID, ...(tier === undefined ? {} : { tier }) };
    const kernel = createKernel(settings);
    const streamState = createStreamState(startMs);
    const topics = new Map<string, Topic>();
    const pushing = {
      deliver: (request: DeliveryRequest) => {
        deliver(this, request);
      },
      validationUrl: (code: string) => validationUrl(this, code),
    };
    return {
      kernel,
      broker: createBroker(settings, kernel),
      streamState,
      streams: createStreamEngine({ startMs }, streamState),
      topics,
      notifier: createNotifier({ startMs, ids: randomUUID, ...pushing }, topics),
    };
  }

  #refuseTaken(name: string): void {
    const kind = this.kindOf(name);
    if (kind === undefined) return;
    throw new BrokerError(
      "com.microsoft:entity-already-exists",
      `The messaging entity '${name}' already exists, as a ${kind}: queues, topics and event hubs share their names.`,
    );
  }

  #catchUp(): void {
    const nowMs = this.#options.clock.now();
    this.broker.advanceTo(nowMs);
    this.notifier.advanceTo(nowMs);
    this.streams.advanceTo(nowMs);
  }

  #arm(): void {
    // Not the streams: only memory waits for them there, and the next call gives it back.
    const { clock } = this.#options;
    const dueMs = Math.min(this.broker.nextDueMs() ?? Infinity, this.notifier.nextDueMs() ?? Infinity);
    const firesMs = clock.toWire(dueMs);
    if (firesMs === this.#firesMs && this.#timer !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#firesMs = firesMs;
    if (dueMs === Infinity) return;
    this.#timer = clock.after(Math.max(0, dueMs - clock.now()), () => {
      this.#timer = undefined;
      this.enter(() => undefined);
    });
  }
}
