import { randomUUID } from "node:crypto";
import { createBroker, type Broker } from "../../adapters/memory/broker/broker.js";
import { BrokerError } from "../../adapters/memory/broker/broker-error.js";
import type { QueueOptions, TopicOptions } from "../../adapters/memory/broker/entity-options.js";
import { createNotifier, type Notifier } from "../../adapters/memory/broker/notifier/notifier.js";
import type { DeliveryRequest } from "../../adapters/memory/broker/notifier/push-request.js";
import type { HubOptions } from "../../adapters/memory/broker/stream/hub.js";
import { createStreamEngine, type StreamEngine } from "../../adapters/memory/broker/stream/stream-engine.js";
import type { EmulatorClock } from "./clock.js";

export type EntityKind = "queue" | "topic" | "hub";

export interface NamespaceOptions {
  readonly clock: EmulatorClock;
  /** Makes the HTTP requests of Event Grid's push subscriptions. */
  readonly deliver: (namespace: Namespace, request: DeliveryRequest) => void;
  /** Where an Event Grid endpoint consents by hand. */
  readonly validationUrl: (namespace: Namespace, code: string) => string;
}

/**
 * One virtual namespace: queues and topics, event hubs, and Event Grid topics, on the engines that the in-memory adapter
 * runs on. Queues, topics and hubs share their names, because all of them are addressed on one port.
 */
export class Namespace {
  readonly name: string;
  /** When it came to be, in the emulator's time. */
  readonly createdMs: number;
  readonly broker: Broker;
  readonly streams: StreamEngine;
  readonly notifier: Notifier;
  readonly #clock: EmulatorClock;
  /** Names of hubs in lower case; the engines know the rest. */
  readonly #hubs = new Map<string, string>();
  readonly #stopListening: () => void;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Infinity;
  #depth = 0;

  constructor(name: string, options: NamespaceOptions) {
    const startMs = options.clock.now();
    this.name = name;
    this.createdMs = startMs;
    this.#clock = options.clock;
    this.broker = createBroker({ startMs, ids: randomUUID });
    this.streams = createStreamEngine({ startMs });
    this.notifier = createNotifier({
      startMs,
      ids: randomUUID,
      deliver: (request) => {
        options.deliver(this, request);
      },
      validationUrl: (code) => options.validationUrl(this, code),
    });
    this.#stopListening = options.clock.onAdvance(() => {
      this.enter(() => undefined);
    });
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
    if (this.#hubs.has(key)) return "hub";
    const has = (names: readonly string[]): boolean => names.some((each) => each.toLowerCase() === key);
    if (has(this.broker.queues())) return "queue";
    return has(this.broker.topics()) ? "topic" : undefined;
  }

  /** Names of event hubs, in the order of creation. */
  hubs(): readonly string[] {
    return [...this.#hubs.values()];
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
    this.#hubs.set(name.toLowerCase(), name);
  }

  /** @throws {BrokerError} `amqp:not-found` */
  deleteHub(name: string): void {
    this.enter(() => {
      this.streams.deleteHub(name);
    });
    this.#hubs.delete(name.toLowerCase());
  }

  /** Stops its timer and leaves the clock. */
  close(): void {
    this.#stopListening();
    clearTimeout(this.#timer);
    this.#timer = undefined;
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
    const nowMs = this.#clock.now();
    this.broker.advanceTo(nowMs);
    this.notifier.advanceTo(nowMs);
    this.streams.advanceTo(nowMs);
  }

  #arm(): void {
    // Not the streams: only memory waits for them there, and the next call gives it back.
    const dueMs = Math.min(this.broker.nextDueMs() ?? Infinity, this.notifier.nextDueMs() ?? Infinity);
    if (dueMs === this.#dueMs && this.#timer !== undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueMs = dueMs;
    if (dueMs === Infinity) return;
    const delayMs = Math.min(Math.max(0, Math.ceil(dueMs - this.#clock.now())), maxTimerMs);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.enter(() => undefined);
    }, delayMs);
    this.#timer.unref();
  }
}

/** The longest that Node's timers can wait. */
const maxTimerMs = 2_147_483_647;
