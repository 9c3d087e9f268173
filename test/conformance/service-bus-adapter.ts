import { ServiceBusAdministrationClient, ServiceBusClient } from "@azure/service-bus";
import { clientOptions, isServiceBusMessage, serviceBus } from "../../adapters/service-bus/index.js";
import type { Transport } from "../../src/transport/index.js";
import type {
  ConformanceAdapter,
  ConformanceWorld,
  ForeignMessage,
} from "../../src/testing/conformance/harness.js";
import type { AccessRule } from "../../tools/emulator/security/access-rule.js";
import { acceleratedRuntime } from "./accelerated-runtime.js";
import { EmulatedBroker, listenRule, sendRule } from "./emulated-broker.js";

/** The Service Bus adapter through Microsoft's client, over sockets: an emulator for every behaviour. */
export const serviceBusAdapter: ConformanceAdapter = {
  name: "service-bus",
  capabilities: serviceBus({
    client: () => {
      throw new Error("no client is needed to declare");
    },
  }).capabilities,
  extras: ["cancelSchedule", "sessionState", "durable", "credentials", "claimCheck"],
  open: openWorld,
};

async function openWorld(): Promise<ConformanceWorld> {
  const runtime = acceleratedRuntime();
  const broker = await EmulatedBroker.start(runtime);
  const client = (rule?: AccessRule): ServiceBusClient =>
    new ServiceBusClient(broker.connectionString(rule), clientOptions);
  /** An identity that may not manage entities finds them as they are. */
  const restricted = (rule: AccessRule): Transport => serviceBus({ client: () => client(rule) });
  return {
    runtime,
    uniquePrefix: "",
    transport: () =>
      serviceBus({
        client,
        administration: () => administrationClient(broker),
        topology: "ensure",
      }),
    isNative: (_kind, native) => isServiceBusMessage(native),
    sendForeign: async ({ address }, message) => {
      const foreign = client();
      await foreign.createSender(address).sendMessages(foreignMessage(message));
      await foreign.close();
    },
    faults: broker,
    restart: () => broker.restart(),
    credentials: {
      sendOnly: () => restricted(sendRule),
      listenOnly: () => restricted(listenRule),
      expire: async () => {
        broker.emulator.expireTokens();
        // Until the clients have heard of it: of a send that crosses it nobody knows what became of it.
        await new Promise<void>((resolve) => void runtime.after(1_000, resolve));
      },
    },
    close: () => broker.close(),
  };
}

/** Version 7.9 of the client asks by HTTPS whatever the connection string says. */
function administrationClient({ emulator }: EmulatedBroker): ServiceBusAdministrationClient {
  const client = new ServiceBusAdministrationClient(emulator.serviceBus.administrationConnectionString);
  client.pipeline.addPolicy({
    name: "plain-http",
    sendRequest(request, next) {
      request.url = request.url.replace(/^https:/, "http:");
      request.allowInsecureConnection = true;
      return next(request);
    },
  });
  return client;
}

const foreignMessage = ({ id, body, contentType, subject, key, properties }: ForeignMessage) => ({
  messageId: id,
  body: Buffer.from(body),
  ...(contentType === undefined ? {} : { contentType }),
  ...(subject === undefined ? {} : { subject }),
  ...(key === undefined ? {} : { sessionId: key }),
  ...(properties === undefined
    ? {}
    : { applicationProperties: properties as Record<string, string | number | boolean | Date | null> }),
});
