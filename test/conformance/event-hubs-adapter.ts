import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { clientOptions, eventHubs, isEventHubsEvent } from "../../adapters/event-hubs/index.js";
import { memoryCheckpoints, memoryPark } from "../../adapters/memory/index.js";
import type {
  ConformanceAdapter,
  ConformanceWorld,
  ForeignMessage,
} from "../../src/testing/conformance/harness.js";
import type { ConnectContext, Transport } from "../../src/transport/index.js";
import type { AccessRule } from "../../tools/emulator/security/access-rule.js";
import { acceleratedRuntime } from "./accelerated-runtime.js";
import { EmulatedBroker, listenRule, sendRule } from "./emulated-broker.js";

const none = (): never => {
  throw new Error("no client is needed to declare");
};

/** The Event Hubs adapter through Microsoft's clients, over sockets: an emulator for every behaviour. */
export const eventHubsAdapter: ConformanceAdapter = {
  name: "event-hubs",
  capabilities: eventHubs({
    producer: none,
    consumer: none,
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
  }).capabilities,
  extras: ["durable", "credentials", "claimCheck"],
  open: openWorld,
};

async function openWorld(): Promise<ConformanceWorld> {
  // Slower than others: the SDK waits 20 ms of the machine's time for more events behind the first.
  const runtime = acceleratedRuntime(10);
  const broker = await EmulatedBroker.start(runtime);
  const checkpoints = memoryCheckpoints();
  const park = memoryPark();
  const producer = (hub: string, rule?: AccessRule): EventHubProducerClient =>
    new EventHubProducerClient(broker.connectionString(rule), hub, clientOptions);
  const transport = (rule?: AccessRule): Transport =>
    eventHubs({
      producer: (hub) => producer(hub, rule),
      consumer: (hub, group) =>
        new EventHubConsumerClient(group, broker.connectionString(rule), hub, clientOptions),
      checkpoints,
      park,
      topology: "verify",
      // Of the machine's time, by which the SDK notices that its connection is gone.
      silence: "100ms",
    });
  return {
    runtime,
    uniquePrefix: "",
    transport,
    prepare: (context) => {
      prepare(broker, context);
    },
    isNative: (_kind, native) => isEventHubsEvent(native),
    sendForeign: async ({ address }, message) => {
      const foreign = producer(address);
      await foreign.sendBatch([foreignMessage(message)], keyed(message));
      await foreign.close();
    },
    faults: broker,
    dropRetained: () => {
      broker.emulator.advance("26h");
      broker.emulator.namespace().enter(() => undefined);
    },
    restart: () => broker.restart(),
    credentials: {
      sendOnly: () => transport(sendRule),
      listenOnly: () => transport(listenRule),
      // Until the clients have heard that their links are gone: what crosses that on the way is answered by nobody.
      expire: () => {
        broker.emulator.expireTokens();
        return new Promise((resolve) => void runtime.after(200, resolve));
      },
    },
    close: () => broker.close(),
  };
}

/** Hubs and groups are made through Azure Resource Manager, which the emulator has not. What is there stays as it is. */
function prepare(
  { emulator }: EmulatedBroker,
  { destinations, sources }: Pick<ConnectContext, "destinations" | "sources">,
): void {
  const namespace = emulator.namespace();
  for (const { address, channel } of [...destinations, ...sources]) {
    if (namespace.kindOf(address) === undefined) {
      namespace.createHub(address, { partitions: channel.settings.partitions ?? 2 });
    }
  }
  for (const source of sources) {
    if (source.kind !== "group") continue;
    const { consumerGroups } = namespace.streams.hubProperties(source.address);
    if (consumerGroups.includes(source.group)) continue;
    namespace.enter(() => {
      namespace.streams.createConsumerGroup(source.address, source.group);
    });
  }
}

const keyed = ({ key }: ForeignMessage): object => (key === undefined ? {} : { partitionKey: key });

const foreignMessage = ({ id, body, contentType, subject, key, properties }: ForeignMessage) => ({
  body: Buffer.from(body),
  bodyType: "data" as const,
  properties: {
    messageId: id,
    ...(contentType === undefined ? {} : { contentType }),
    ...(subject === undefined ? {} : { subject }),
  },
  ...(properties === undefined ? {} : { applicationProperties: properties }),
  ...(key === undefined ? {} : { messageAnnotations: { "x-opt-partition-key": key } }),
});
