import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { clientOptions, eventHubs } from "waybill/event-hubs";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import type { Checkpoint, CheckpointStore } from "waybill/store";
import { startEmulator } from "waybill-tools/emulator";
import { collectorName, streams, workerName } from "../contracts.js";
import { deadLetterIds } from "./dead-letter-ids.js";
import type { World } from "./world.js";

/** Hubs of the emulator, with the stores of a consumer group in this process. */
export async function eventHubsWorld(): Promise<World> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, recordedEvents: 100 });
  const { connectionString } = emulator.eventHubs;
  const namespace = emulator.namespace();
  namespace.createHub("orders", { partitions: 1 });
  namespace.createHub("bills", { partitions: 1 });
  namespace.createHub("mails", { partitions: 1 });
  namespace.enter(() => {
    namespace.streams.createConsumerGroup("orders", workerName);
    namespace.streams.createConsumerGroup("bills", collectorName);
    namespace.streams.createConsumerGroup("mails", collectorName);
  });
  const saved = new Map<string, Checkpoint>();
  const checkpoints = noting(memoryCheckpoints(), saved);
  const park = memoryPark();
  const transport = eventHubs({
    producer: (hub) => new EventHubProducerClient(connectionString, hub, clientOptions),
    consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, clientOptions),
    checkpoints,
    park,
    balanceInterval: "50ms",
    ownershipExpiry: "1s",
  });
  const pass = async (ms: number): Promise<void> => {
    emulator.advance(ms);
  };
  return {
    connectionString,
    transport,
    checkpoints,
    park,
    pass,
    advance: pass,
    quiet: async (channel) => {
      const { isEmpty, lastEnqueuedSequenceNumber } = namespace.inspect((engines) =>
        engines.streams.partitionProperties(channel, "0"),
      );
      const checkpoint = saved.get(channel);
      return (
        isEmpty ||
        (checkpoint !== undefined && BigInt(checkpoint.sequenceNumber) >= BigInt(lastEnqueuedSequenceNumber))
      );
    },
    deadLetters: () =>
      deadLetterIds(transport, {
        kind: "group",
        channel: streams.orders["~channel"],
        address: "orders",
        group: workerName,
      }),
    close: () => emulator.close(),
  };
}

/** A store that tells the latest checkpoint of each hub: each has one partition and one group. */
const noting = (store: CheckpointStore, saved: Map<string, Checkpoint>): CheckpointStore => ({
  ...store,
  save: (place, checkpoint) => {
    saved.set(place.stream, checkpoint);
    return store.save(place, checkpoint);
  },
});
