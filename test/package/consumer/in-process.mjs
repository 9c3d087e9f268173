import { ServiceBusClient } from "@azure/service-bus";
import { startEmulator } from "waybill-tools/emulator";

const emulator = await startEmulator({ port: 0, httpPort: 0, createOnUse: true });
const client = new ServiceBusClient(emulator.serviceBus.connectionString);
await client
  .createSender("q")
  .sendMessages({ body: "later", scheduledEnqueueTimeUtc: new Date(Date.now() + 3_600_000) });
emulator.advance("1h");
const [message] = await client.createReceiver("q").receiveMessages(1);
await client.close();
await emulator.close();
if (message?.body !== "later") throw new Error("nothing came");
console.log("an hour passed at once");
