import { ServiceBusClient } from "@azure/service-bus";
import { memoryCheckpoints, memoryPark } from "waybill/event-hubs";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { startEmulator } from "waybill-tools/emulator";
import { channelNames, queues } from "../contracts.js";
import { deadLetterIds } from "./dead-letter-ids.js";
import type { World } from "./world.js";

/** Queues of the emulator. */
export async function serviceBusWorld(): Promise<World> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, recordedEvents: 100 });
  const { connectionString } = emulator.serviceBus;
  for (const name of channelNames) emulator.namespace().createQueue(name);
  const transport = serviceBus({ client: () => new ServiceBusClient(connectionString, clientOptions) });
  return {
    connectionString,
    transport,
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
    advance: async (ms) => {
      emulator.advance(ms);
    },
    quiet: async (channel) => {
      const { active, scheduled, deferred } = emulator
        .namespace()
        .inspect(({ broker }) => broker.queueCounts(channel));
      return active + scheduled + deferred === 0;
    },
    deadLetters: () =>
      deadLetterIds(transport, {
        kind: "queue",
        channel: queues.orders["~channel"],
        address: "orders",
      }),
    close: () => emulator.close(),
  };
}
