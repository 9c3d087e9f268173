import { startEmulator } from "../../tools/emulator/index.js";
import { queueName } from "./queue-name.js";

/** As the command line starts it. */
export async function startEmulatorServer(): Promise<{ readonly port: number; purge(): number }> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, observe: false });
  const namespace = emulator.namespace();
  const names = [queueName, `${queueName}-pass-through`, `${queueName}-zod`];
  namespace.enter(() => {
    for (const name of names) namespace.broker.createQueue(name);
  });
  return {
    port: emulator.amqpPort,
    purge: () => namespace.enter(() => namespace.broker.purge(queueName)),
  };
}
