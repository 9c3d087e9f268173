import { startEmulator } from "waybill-tools/emulator";
import { plain, sales, workerName } from "../../faults/contracts.js";

/** The emulator of a soak, in a process of its own: what it keeps is not what is measured. */
const emulator = await startEmulator({ port: 0, httpPort: 0, observe: false });
const namespace = emulator.namespace();
namespace.createQueue(plain["~channel"].name);
namespace.createHub(sales["~channel"].name, { partitions: 2 });
namespace.enter(() => {
  namespace.streams.createConsumerGroup(sales["~channel"].name, workerName);
});
process.send?.({
  serviceBus: emulator.serviceBus.connectionString,
  eventHubs: emulator.eventHubs.connectionString,
});
process.on("disconnect", () => process.exit(0));
