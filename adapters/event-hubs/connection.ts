import type { EventHubConsumerClient } from "@azure/event-hubs";
import type { GroupPlace } from "../../src/store/index.js";
import {
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
import { EventSender, type HubTarget } from "./sender.js";
import { checkTopology } from "./topology.js";
import type { EventHubsOptions } from "./transport.js";

/** Connects a service, after looking at its hubs if the topology says so. */
export async function connect(options: EventHubsOptions, context: ConnectContext): Promise<Connection> {
  const { balanceMs = 10_000, expiryMs = 30_000 } = options;
  if (expiryMs < 3 * balanceMs) {
    throw new WaybillError(
      "invalidOption",
      `expiryMs (${expiryMs}) must be at least thrice balanceMs (${balanceMs}): a partition would be taken from a member that lives`,
    );
  }
  const deadline: Deadline = { runtime: context.runtime, operationMs: options.operationMs ?? 30_000 };
  await checkTopology(options, context, deadline);
  return new EventHubsConnection(options, context, deadline);
}

class EventHubsConnection implements Connection {
  readonly #options: EventHubsOptions;
  readonly #service: string;
  readonly #deadline: Deadline;
  readonly #closing: Deadline;
  readonly #producers = new Map<string, HubProducer>();
  readonly #open = new Set<Sender | Receiver | DeadLetterReceiver>();
  #closed: Promise<void> | undefined;

  constructor(options: EventHubsOptions, { service }: ConnectContext, deadline: Deadline) {
    this.#options = options;
    this.#service = service;
    this.#deadline = deadline;
    this.#closing = { ...deadline, operationMs: Math.min(deadline.operationMs, longestCloseMs) };
  }

  sender({ address }: Destination): Sender {
    const target = targetOf(address);
    return this.#opened(`send to "${address}"`, () => new EventSender(this.#producer(target.hub), target));
  }

  receiver(source: Source, options: ReceiverOptions): Receiver {
    const { address: hub, group } = groupOf(source);
    return this.#opened(`read "${hub}"`, () => {
      const another = (): EventHubConsumerClient => this.#options.consumer(hub, group);
      const client = another();
      const { checkpoints: store, balanceMs = 10_000, expiryMs = 30_000 } = this.#options;
      const { prefetch = 300, silenceMs = 5_000 } = this.#options;
      const place: GroupPlace = { namespace: client.fullyQualifiedNamespace, stream: hub, group };
      const park = new GroupPark(this.#options.park, place, this.#deadline);
      const balancing = { updateMs: balanceMs, expiryMs };
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
    return this.#opened(`read what "${hub}" parked`, () => {
      const namespace = this.#producer(hub).client.fullyQualifiedNamespace;
      const park = new GroupPark(this.#options.park, { namespace, stream: hub, group }, this.#deadline);
      return deadLetterReceiver(park, `${hub}/${group}`, this.#deadline);
    });
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...this.#open].map(async (each) => each.close()));
    await Promise.all([...this.#producers.values()].map((producer) => producer.close(this.#closing)));
  }

  /** One client per hub: it opens its connection when it is used. */
  #producer(hub: string): HubProducer {
    const known = this.#producers.get(hub);
    if (known !== undefined) return known;
    const made = new HubProducer(this.#options.producer(hub), this.#deadline);
    this.#producers.set(hub, made);
    return made;
  }

  #opened<T extends Sender | Receiver | DeadLetterReceiver>(doing: string, open: () => T): T {
    if (this.#closed !== undefined) {
      throw new WaybillError("closed", `cannot ${doing}: the connection of "${this.#service}" is closed`);
    }
    try {
      const made = open();
      this.#open.add(made);
      return made;
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
