import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { GroupPlace } from "../../src/store/index.js";
import {
  retryWarning,
  WaybillError,
  type ConnectContext,
  type Connection,
  type Deadline,
  type DeadLetterReceiver,
  type Destination,
  type GroupSource,
  type Receiver,
  type ReceiverOptions,
  type Sender,
  type Source,
} from "../../src/transport/index.js";
import { deadLetterReceiver } from "./dead-letter-receiver.js";
import { HubProducer } from "./hub-producer.js";
import { mapError } from "./map-error.js";
import { GroupPark } from "./park.js";
import { StreamReceiver } from "./receiver.js";
import { settingsOf, type Settings } from "./settings.js";
import { EventSender, type HubTarget } from "./sender.js";
import { checkTopology } from "./topology.js";
import type { EventHubsOptions } from "./transport.js";

/** Connects a service, after looking at its hubs if the topology says so. */
export async function connect(options: EventHubsOptions, context: ConnectContext): Promise<Connection> {
  const settings = settingsOf(options);
  const deadline: Deadline = { runtime: context.runtime, operationMs: settings.operationMs };
  await checkTopology(options, context, deadline);
  return new EventHubsConnection(options, settings, context.service, deadline);
}

class EventHubsConnection implements Connection {
  readonly warnings: string[] = [];
  readonly #options: EventHubsOptions;
  readonly #settings: Settings;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #closing: Deadline;
  readonly #producers = new Map<string, HubProducer>();
  readonly #open = new Set<Sender | Receiver>();
  #closed: Promise<void> | undefined;

  constructor(options: EventHubsOptions, settings: Settings, service: string, deadline: Deadline) {
    this.#options = options;
    this.#settings = settings;
    this.#service = service;
    this.#deadline = deadline;
    this.#closing = { ...deadline, operationMs: Math.min(deadline.operationMs, longestCloseMs) };
  }

  sender({ address }: Destination): Sender {
    const target = targetOf(address);
    return this.#opened(`send to "${address}"`, () => {
      const producer = this.#producer(target.hub);
      producer.use();
      return new EventSender(producer, target, () => this.#left(producer, target.hub));
    });
  }

  receiver(source: Source, options: ReceiverOptions): Receiver {
    const { address: hub, group } = groupOf(source);
    return this.#opened(`read "${hub}"`, () => {
      const another = (): EventHubConsumerClient => this.#options.consumer(hub, group);
      const client = another();
      this.#warn(client, `consumer of eventHubs() made for "${hub}/${group}"`);
      const place: GroupPlace = { namespace: client.fullyQualifiedNamespace, stream: hub, group };
      const park = new GroupPark(this.#options.park, place, this.#deadline);
      const { balancing, prefetch, silenceMs } = this.#settings;
      const store = this.#options.checkpoints;
      const deadline = this.#deadline;
      const closing = this.#closing;
      return new StreamReceiver(
        { client, another, place, store, park, balancing, prefetch, silenceMs, deadline, closing },
        options,
      );
    });
  }

  deadLetters(source: Source): DeadLetterReceiver {
    const { address: hub, group } = groupOf(source);
    return this.#made(`read what "${hub}" parked`, () => {
      const namespace = this.#producer(hub).client.fullyQualifiedNamespace;
      const park = new GroupPark(this.#options.park, { namespace, stream: hub, group }, this.#deadline);
      return deadLetterReceiver(park, `${hub}/${group}`, this.#deadline);
    });
  }

  /** A consumer's receiver has a client of its own in any case: what is made anew are the clients that send. */
  recycle(): void {
    this.#producers.clear();
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#open].map(async (each) => each.close()));
    await Promise.all([...this.#producers.values()].map((producer) => producer.close(this.#closing)));
  }

  /** One that was replaced is closed with its last sender. */
  async #left(producer: HubProducer, hub: string): Promise<void> {
    if (!producer.leave() || this.#producers.get(hub) === producer) return;
    await producer.close(this.#closing);
  }

  /** One client per hub: it opens its connection when it is used. */
  #producer(hub: string): HubProducer {
    const known = this.#producers.get(hub);
    if (known !== undefined) return known;
    const client = this.#options.producer(hub);
    this.#warn(client, `producer of eventHubs() made for "${hub}"`);
    const made = new HubProducer(client, this.#deadline);
    this.#producers.set(hub, made);
    return made;
  }

  #warn(client: unknown, what: string): void {
    const warning = retryWarning(client, what);
    if (warning !== undefined && !this.warnings.includes(warning)) this.warnings.push(warning);
  }

  #opened<T extends Sender | Receiver>(doing: string, open: () => T): T {
    const made = this.#made(doing, open);
    this.#open.add(made);
    return made;
  }

  #made<T>(doing: string, make: () => T): T {
    if (this.#closed !== undefined) {
      throw new WaybillError("closed", `cannot ${doing}: the connection of "${this.#service}" is closed`);
    }
    try {
      return make();
    } catch (error) {
      throw mapError(error, `cannot ${doing}`);
    }
  }
}

/** Milliseconds for each thing that a close waits for: who stops has a deadline of his own, and ownerships expire. */
const longestCloseMs = 5_000;

/** `hub`, or `hub/Partitions/2`, as the service itself writes the address of a partition. */
function targetOf(address: string): HubTarget {
  const [, hub = address, partitionId] = /^(.+)\/partitions\/([^/]+)$/i.exec(address) ?? [];
  return { hub, partitionId };
}

/** @throws {WaybillError} `unsupported` */
function groupOf(source: Source): GroupSource {
  if (source.kind === "group") return source;
  throw new WaybillError("unsupported", `Event Hubs has no ${source.channel.kind}: "${source.address}"`);
}
