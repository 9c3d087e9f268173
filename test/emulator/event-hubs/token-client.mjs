/**
 * A client as in production: a host name and a `TokenCredential`, over TLS or WebSockets. In a process of its own, because
 * Node reads `NODE_EXTRA_CA_CERTS` once. Sends an event, receives it, and prints its body.
 *
 * Arguments: port, token, `tls` or `web-sockets`.
 */
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { WebSocket } from "ws";

const [port = "", token = "", transport = ""] = process.argv.slice(2);
const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const options = {
  customEndpointAddress: `sb://localhost:${port}`,
  retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
  ...(transport === "web-sockets" ? { webSocketOptions: { webSocket: WebSocket } } : {}),
};
const host = "tailwind.servicebus.windows.net";
const producer = new EventHubProducerClient(host, "sales", credential, options);
const consumer = new EventHubConsumerClient("$Default", host, "sales", credential, options);

try {
  const [partitionId = "0"] = await producer.getPartitionIds();
  await producer.sendBatch([{ body: `over ${transport}` }], { partitionId });
  const body = await new Promise((resolve, reject) => {
    const subscription = consumer.subscribe(
      partitionId,
      {
        async processEvents([first]) {
          if (first === undefined) return;
          resolve(first.body);
          await subscription.close();
        },
        processError: async (error) => reject(error),
      },
      { startPosition: { offset: "-1" } },
    );
  });
  console.log(body);
} finally {
  await producer.close();
  await consumer.close();
}
