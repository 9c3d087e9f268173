import { ServiceBusClient } from "@azure/service-bus";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import { until } from "../clock.js";
import { channelNames, queues } from "../contracts.js";
import { deadLetterIds } from "./dead-letter-ids.js";
import type { World } from "./world.js";

/** Queues of the emulator. */
export async function serviceBusWorld(): Promise<World> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, recordedEvents: 1_000 });
  const { connectionString } = emulator.serviceBus;
  for (const name of channelNames) emulator.namespace().createQueue(name);
  const transport = serviceBus({ client: () => new ServiceBusClient(connectionString, clientOptions) });
  return {
    connectionString,
    transport,
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
    pass: async (ms) => {
      emulator.advance(ms);
    },
    advance: async (ms) => {
      // A link of the dead process that is still there would lock again what comes free.
      await until(() => openConnections(emulator) <= connectionsOfShop, patienceMs);
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

/** A client of the SDK has one connection. */
const connectionsOfShop = 1;

const patienceMs = 5_000;

/** Of those whose beginning is still recorded. */
function openConnections(emulator: Emulator): number {
  const open = new Set<string>();
  for (const { type, connection } of emulator.recorded()) {
    if (type === "connected") open.add(connection);
    else if (type === "disconnected") open.delete(connection);
  }
  return open.size;
}
