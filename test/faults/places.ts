import { QueueServiceClient, type QueueClient } from "@azure/storage-queue";
import type { CheckpointStore, Runtime } from "waybill/store";
import { realRuntime } from "waybill/store";
import type { Source, Transport } from "waybill/transport";
import { startEmulator, type Emulator, type EmulatorOptions } from "waybill-tools/emulator";
import { deadLetterIds, lettersOf } from "../crash/world/dead-letter-ids.js";
import { randomOf } from "../crash/random.js";
import { acceleratedRuntime } from "../conformance/accelerated-runtime.js";
import { sharedAzurite } from "./azurites.js";
import { plain, sales, sessions, storage, workerName } from "./contracts.js";
import { startProxy, type TcpProxy } from "./proxy/tcp-proxy.js";
import type { Place } from "./stage.js";
import {
  eventHubsOver,
  memoryStores,
  operationMs,
  serviceBusOver,
  storageQueueOver,
  through,
  type GroupStores,
} from "./worlds.js";

/** How much faster than the machine's the clock of the AMQP places runs while nothing happens. */
export const speed = 10;

/** By that clock; a lock that nobody settles ends before. */
const stallMs = 20_000;

/** A place behind AMQP: everything goes through the proxy. */
export interface AmqpPlace extends Place {
  readonly emulator: Emulator;
  readonly proxy: TcpProxy;
}

export interface AmqpPlaceOptions {
  readonly seed: number;
  readonly emulator?: EmulatorOptions;
  /** Makes a transport of an application. Default: that of the service, over the proxy. */
  readonly transport?: (
    connectionString: string,
    place: { readonly emulator: Emulator; readonly proxy: TcpProxy; readonly stores: GroupStores },
  ) => Transport;
  readonly stores?: GroupStores;
}

async function amqp(
  options: AmqpPlaceOptions,
): Promise<{ emulator: Emulator; proxy: TcpProxy; runtime: Runtime }> {
  const runtime = acceleratedRuntime(speed);
  const emulator = await startEmulator({ port: 0, httpPort: 0, clock: runtime, ...options.emulator });
  const proxy = await startProxy({ port: emulator.amqpPort, random: randomOf(options.seed) });
  return { emulator, proxy, runtime };
}

export async function serviceBusPlace(
  channel: "plain" | "sessions",
  options: AmqpPlaceOptions,
): Promise<AmqpPlace> {
  const { emulator, proxy, runtime } = await amqp(options);
  const { "~channel": spec } = channel === "plain" ? plain : sessions;
  const namespace = emulator.namespace();
  const { lockMs = 60_000, maxDeliveries = 10 } = spec.settings;
  namespace.createQueue(spec.name, {
    lockDurationMs: lockMs,
    maxDeliveryCount: maxDeliveries,
    requiresSession: spec.settings.ordered,
  });
  const direct = emulator.serviceBus.connectionString;
  const connectionString = through(direct, proxy.port);
  const source: Source = { kind: "queue", channel: spec, address: spec.name };
  return {
    channel,
    runtime,
    emulator,
    proxy,
    operationMs,
    stallMs,
    lockMs,
    transport: () =>
      options.transport?.(connectionString, { emulator, proxy, stores: memoryStores() }) ??
      serviceBusOver(connectionString),
    quiet: async () => {
      const { active, scheduled, deferred } = namespace.inspect(({ broker }) =>
        broker.queueCounts(spec.name),
      );
      return active + scheduled + deferred === 0;
    },
    deadLetters: () => deadLetterIds(serviceBusOver(direct), source),
    letters: () => lettersOf(serviceBusOver(direct), source),
    ...ends(emulator, proxy),
  };
}

export async function eventHubsPlace(options: AmqpPlaceOptions): Promise<AmqpPlace> {
  const { emulator, proxy, runtime } = await amqp(options);
  const spec = sales["~channel"];
  const namespace = emulator.namespace();
  namespace.createHub(spec.name, { partitions: 2 });
  namespace.enter(() => {
    namespace.streams.createConsumerGroup(spec.name, workerName);
  });
  const direct = emulator.eventHubs.connectionString;
  const connectionString = through(direct, proxy.port);
  const saved = new Map<string, bigint>();
  const went: string[] = [];
  const given = options.stores ?? memoryStores();
  const stores = { ...given, checkpoints: watched(given.checkpoints, saved, went) };
  const source: Source = { kind: "group", channel: spec, address: spec.name, group: workerName };
  const last = (partition: string): bigint =>
    BigInt(
      namespace.inspect(({ streams }) => streams.partitionProperties(spec.name, partition))
        .lastEnqueuedSequenceNumber,
    );
  return {
    channel: "sales",
    runtime,
    emulator,
    proxy,
    operationMs,
    // Longer than the adapter searches for what the client cannot decode, by the machine's clock: a new link begins that anew.
    stallMs: 60_000,
    lockMs: 20_000,
    transport: () =>
      options.transport?.(connectionString, { emulator, proxy, stores }) ??
      eventHubsOver(connectionString, stores),
    quiet: () =>
      Promise.resolve(
        ["0", "1"].every((partition) => last(partition) < 0n || saved.get(partition) === last(partition)),
      ),
    deadLetters: () => deadLetterIds(eventHubsOver(direct, stores), source),
    problems: () => Promise.resolve(went),
    ...ends(emulator, proxy),
  };
}

/** A store that tells the latest checkpoint of each partition, and of those that went back (I8). */
const watched = (store: CheckpointStore, saved: Map<string, bigint>, went: string[]): CheckpointStore => ({
  ...store,
  save: async (place, checkpoint) => {
    await store.save(place, checkpoint);
    const { partition } = checkpoint;
    const before = saved.get(partition) ?? -1n;
    const now = BigInt(checkpoint.sequenceNumber);
    if (now < before)
      went.push(`I8: the checkpoint of partition ${partition} went back from ${before} to ${now}`);
    else saved.set(partition, now);
  },
});

const ends = (emulator: Emulator, proxy: TcpProxy): Pick<Place, "heal" | "close"> => ({
  heal: () => {
    emulator.faults.clear();
    proxy.clear();
  },
  close: async () => {
    await proxy.close();
    await emulator.close();
  },
});

/** A queue of Azurite behind a proxy. Its clock is the machine's. */
export interface StoragePlace extends Place {
  readonly proxy: TcpProxy;
}

let storagePlaces = 0;

export interface StoragePlaceOptions {
  readonly seed: number;
  /** Of the account. Default: that of the Azurite of all rows. */
  readonly connectionString?: string;
  /** Where the proxy leads. Default: to that Azurite. */
  readonly port?: number;
}

export async function storagePlace({ seed, ...options }: StoragePlaceOptions): Promise<StoragePlace> {
  const azurite = await sharedAzurite("queue");
  const { connectionString = azurite.connectionString, port = azurite.port } = options;
  const proxy = await startProxy({ port, random: randomOf(seed) });
  const direct = QueueServiceClient.fromConnectionString(connectionString);
  storagePlaces += 1;
  const address = `${storage["~channel"].name}-${String(storagePlaces)}`;
  const queue = direct.getQueueClient(address);
  const poison = direct.getQueueClient(`${address}-poison`);
  await Promise.all([queue.create(), poison.create()]);
  return {
    channel: "storage",
    runtime: realRuntime(),
    address,
    proxy,
    operationMs: 1_000,
    stallMs: 4_000,
    lockMs: storage["~channel"].settings.lockMs ?? 30_000,
    transport: () => storageQueueOver(through(connectionString, proxy.port)),
    quiet: async () => (await queue.getProperties()).approximateMessagesCount === 0,
    deadLetters: () => idsIn(poison),
    letters: () =>
      lettersOf(storageQueueOver(connectionString), { kind: "queue", channel: storage["~channel"], address }),
    heal: () => {
      proxy.clear();
    },
    close: () => proxy.close(),
  };
}

/** Takes everything: a look shows 32 messages at most. */
async function idsIn(queue: QueueClient): Promise<readonly string[]> {
  const ids: string[] = [];
  for (;;) {
    const { receivedMessageItems } = await queue.receiveMessages({
      numberOfMessages: 32,
      visibilityTimeout: 600,
    });
    if (receivedMessageItems.length === 0) return ids;
    for (const { messageText } of receivedMessageItems)
      ids.push((JSON.parse(Buffer.from(messageText, "base64").toString()) as { readonly id: string }).id);
  }
}
