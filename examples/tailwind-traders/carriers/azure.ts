import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
} from "@azure/eventgrid-namespaces";
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { DefaultAzureCredential } from "@azure/identity";
import { ServiceBusClient } from "@azure/service-bus";
import * as grid from "waybill/event-grid";
import * as hubs from "waybill/event-hubs";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import * as bus from "waybill/service-bus";
import { NoCarrier } from "./no-carrier.js";

/** Where the services are. */
export interface Places {
  /** A connection string, or a namespace such as `tailwind.servicebus.windows.net`, which is entered as who runs this. */
  readonly serviceBus: string;
  /** The same of Event Hubs. */
  readonly eventHubs: string;
  readonly eventGrid: { readonly endpoint: string; readonly key: string | undefined };
  readonly serviceBusOptions?: Pick<bus.ServiceBusOptions, "topology" | "administration">;
}

/** Queues and topics on Service Bus, the stream on Event Hubs, the notifications on an Event Grid namespace. */
export function azureTransports({ serviceBus, eventHubs, eventGrid, serviceBusOptions }: Places) {
  const identity = new DefaultAzureCredential();
  const park = memoryPark();
  const { endpoint, key } = eventGrid;
  const credential = key === undefined ? identity : new AzureKeyCredential(key);
  const gridOptions = { ...grid.clientOptions, allowInsecureConnection: endpoint.startsWith("http://") };
  const queues = bus.serviceBus({
    client: () =>
      isConnectionString(serviceBus)
        ? new ServiceBusClient(serviceBus, bus.clientOptions)
        : new ServiceBusClient(serviceBus, identity, bus.clientOptions),
    ...serviceBusOptions,
  });
  return {
    queues,
    topics: queues,
    streams: hubs.eventHubs({
      producer: (hub) =>
        isConnectionString(eventHubs)
          ? new EventHubProducerClient(eventHubs, hub, hubs.clientOptions)
          : new EventHubProducerClient(eventHubs, hub, identity, hubs.clientOptions),
      consumer: (hub, group) =>
        isConnectionString(eventHubs)
          ? new EventHubConsumerClient(group, eventHubs, hub, hubs.clientOptions)
          : new EventHubConsumerClient(group, eventHubs, hub, identity, hubs.clientOptions),
      // One process lives through one day: what it has read it need not know tomorrow.
      checkpoints: memoryCheckpoints(),
      park,
    }),
    notifications: grid.eventGrid({
      sender: (topic) => new EventGridSenderClient(endpoint, credential, topic, gridOptions),
      receiver: (topic, listener) =>
        new EventGridReceiverClient(endpoint, credential, topic, listener, gridOptions),
      deadLetters: park,
      maxWait: "10s",
    }),
  };
}

/** Azure itself, or whatever the environment names. */
export function azureCarrier(environment: NodeJS.ProcessEnv) {
  const transport = azureTransports({
    serviceBus: required(environment, "TAILWIND_SERVICE_BUS"),
    eventHubs: required(environment, "TAILWIND_EVENT_HUBS"),
    eventGrid: {
      endpoint: required(environment, "TAILWIND_EVENT_GRID"),
      key: environment["TAILWIND_EVENT_GRID_KEY"],
    },
  });
  return { transport, close: async () => undefined };
}

function required(environment: NodeJS.ProcessEnv, name: string): string {
  const value = environment[name];
  if (value !== undefined && value !== "") return value;
  throw new NoCarrier(`--transport azure needs ${name}: see the README of the sample for what it says`);
}

const isConnectionString = (place: string): boolean => place.includes("Endpoint=");
