import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
} from "@azure/eventgrid-namespaces";
import { memoryPark } from "../../adapters/memory/index.js";
import {
  clientOptions,
  eventGrid,
  isEventGridEvent,
  subscriptionFilter,
} from "../../adapters/event-grid/index.js";
import type {
  ConformanceAdapter,
  ConformanceWorld,
  ForeignMessage,
} from "../../src/testing/conformance/harness.js";
import type { ConnectContext, Transport } from "../../src/transport/index.js";
import { eventGridOf } from "../../tools/emulator/http/event-grid/entities.js";
import { acceleratedRuntime } from "./accelerated-runtime.js";
import { EmulatedBroker } from "./emulated-broker.js";

/** The Event Grid adapter through Microsoft's clients, over sockets: an emulator for every behaviour. */
export const eventGridAdapter: ConformanceAdapter = {
  name: "event-grid",
  capabilities: eventGrid({ deadLetters: memoryPark() }).capabilities,
  extras: ["durable", "credentials", "claimCheck"],
  // Each batch is a request, which costs more than a frame.
  many: 1_000,
  open: openWorld,
};

async function openWorld(): Promise<ConformanceWorld> {
  const runtime = acceleratedRuntime();
  const broker = await EmulatedBroker.start(runtime);
  const deadLetters = memoryPark();
  const keys = new Keys();
  const sender = (topic: string, key: string) =>
    new EventGridSenderClient(
      broker.emulator.eventGrid.endpoint,
      new AzureKeyCredential(key),
      topic,
      options,
    );
  const transport = (may: { readonly send: boolean; readonly listen: boolean }): Transport =>
    eventGrid({
      sender: (topic) => sender(topic, may.send ? keys.current : keys.foreign),
      receiver: (topic, subscription) =>
        new EventGridReceiverClient(
          broker.emulator.eventGrid.endpoint,
          new AzureKeyCredential(may.listen ? keys.current : keys.foreign),
          topic,
          subscription,
          options,
        ),
      deadLetters,
    });
  return {
    runtime,
    uniquePrefix: "",
    transport: () => transport({ send: true, listen: true }),
    prepare: (context) => {
      prepare(broker, keys, context);
    },
    isNative: (_kind, native) => isEventGridEvent(native),
    sendForeign: async ({ address }, message) => {
      await sender(address, keys.current).sendEvents(foreignEvent(message));
    },
    faults: broker,
    restart: () => broker.restart(),
    credentials: {
      sendOnly: () => transport({ send: true, listen: false }),
      listenOnly: () => transport({ send: false, listen: true }),
      expire: () => {
        keys.rotate();
      },
    },
    close: () => broker.close(),
  };
}

const options = { ...clientOptions, allowInsecureConnection: true };

/** The access keys of all topics. */
class Keys {
  /** Every topic looks into this list. */
  readonly accepted: string[] = [];
  readonly foreign = keyOf("nobody's");
  #count = 0;

  constructor() {
    this.rotate();
  }

  get current(): string {
    return this.accepted[0] ?? "";
  }

  rotate(): void {
    this.#count += 1;
    this.accepted.splice(0, 1, keyOf(`key ${String(this.#count)}`));
  }
}

const keyOf = (text: string): string => Buffer.from(text).toString("base64");

/** Topics and subscriptions are made through Azure Resource Manager, which no data client speaks. */
function prepare(
  { emulator }: EmulatedBroker,
  keys: Keys,
  { destinations, sources }: Pick<ConnectContext, "destinations" | "sources">,
): void {
  const entities = eventGridOf(emulator.namespace());
  for (const { address } of [...destinations, ...sources]) entities.putTopic(address, {}, keys.accepted);
  for (const source of sources) {
    if (source.kind !== "listener") continue;
    entities.putSubscription(source.address, source.listener, {
      properties: {
        deliveryConfiguration: { deliveryMode: "Queue" },
        filtersConfiguration: subscriptionFilter(source.filter),
      },
    });
  }
}

const foreignEvent = ({ id, body, contentType, subject, key }: ForeignMessage) => ({
  id,
  source: "/foreign",
  type: subject ?? "foreign",
  data: JSON.parse(Buffer.from(body).toString()) as unknown,
  ...(key === undefined ? {} : { subject: key }),
  ...(contentType === undefined ? {} : { dataContentType: contentType }),
});
