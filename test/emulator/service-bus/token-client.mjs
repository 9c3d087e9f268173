/**
 * A client as in production: a host name and a `TokenCredential`, over TLS or WebSockets. In a process of its own, because
 * Node reads `NODE_EXTRA_CA_CERTS` once. Sends a message, receives and completes it, and prints its body.
 *
 * Arguments: port, token, `tls` or `web-sockets`.
 */
import { ServiceBusClient } from "@azure/service-bus";
import { WebSocket } from "ws";

const [port = "", token = "", transport = ""] = process.argv.slice(2);
const credential = { getToken: () => Promise.resolve({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) };
const client = new ServiceBusClient("tailwind.servicebus.windows.net", credential, {
  customEndpointAddress: `sb://localhost:${port}`,
  retryOptions: { maxRetries: 0, timeoutInMs: 10_000 },
  ...(transport === "web-sockets" ? { webSocketOptions: { webSocket: WebSocket } } : {}),
});

try {
  await client.createSender("orders").sendMessages({ body: `over ${transport}` });
  const receiver = client.createReceiver("orders");
  for (const message of await receiver.receiveMessages(1)) {
    await receiver.completeMessage(message);
    console.log(message.body);
  }
} finally {
  await client.close();
}
