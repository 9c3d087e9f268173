// Microsoft's quick-start for queues, with the connection string pasted in.
import { ServiceBusClient } from "@azure/service-bus";

const client = new ServiceBusClient(process.argv[2]);
const sender = client.createSender("scientists");
await sender.sendMessages([
  { body: "Albert Einstein" },
  { body: "Werner Heisenberg" },
  { body: "Marie Curie" },
]);
await sender.close();

const receiver = client.createReceiver("scientists");
const messages = await receiver.receiveMessages(3);
for (const message of messages) await receiver.completeMessage(message);
await receiver.close();
await client.close();

if (messages.length !== 3) throw new Error(`received ${messages.length} of 3`);
console.log(`received ${messages.map(({ body }) => body).join(", ")}`);
