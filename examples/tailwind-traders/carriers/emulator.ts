import { ServiceBusAdministrationClient } from "@azure/service-bus";
import { OrderShipped, shipments } from "tailwind-contracts";
import { subscriptionFilter } from "waybill/event-grid";
import { azureTransports } from "./azure.js";
import { startEmulatorProcess, type EmulatorPlaces } from "./emulator-process.js";
import { NoCarrier } from "./no-carrier.js";

/** The same clients as on Azure, and an emulator in a process of its own, with the entities of the contracts. */
export async function emulatorCarrier() {
  const emulator = await startEmulatorProcess();
  try {
    await createCustomsSubscription(emulator.places);
  } catch (error) {
    await emulator.close();
    throw error;
  }
  const { serviceBus, eventHubs, eventGrid } = emulator.places;
  const transport = azureTransports({
    serviceBus: serviceBus.connectionString,
    eventHubs: eventHubs.connectionString,
    eventGrid,
    // Subscriptions belong to services, not to contracts: on Azure they are deployed, here they are made.
    serviceBusOptions: { topology: "ensure", administration: () => administrationOf(emulator.places) },
  });
  return { transport, close: () => emulator.close() };
}

/** Microsoft's administration client asks by HTTPS whatever the connection string says. */
export function administrationOf({ httpPort, serviceBus }: EmulatorPlaces): ServiceBusAdministrationClient {
  const address = serviceBus.connectionString.replace(/^(Endpoint=sb:\/\/[^:/;]+)(:\d+)?/, `$1:${httpPort}`);
  const client = new ServiceBusAdministrationClient(address);
  client.pipeline.addPolicy({
    name: "plain-http",
    sendRequest: (request, next) => {
      request.url = request.url.replace(/^https:/, "http:");
      request.allowInsecureConnection = true;
      return next(request);
    },
  });
  return client;
}

/** On Azure this is a deployment, too: a queue subscription that keeps away what stays in the country. */
export async function createCustomsSubscription({ eventGrid }: EmulatorPlaces): Promise<void> {
  const topic = shipments["~channel"].name;
  const url = new URL(`/$emulator/event-grid/topics/${topic}/eventsubscriptions/customs`, eventGrid.endpoint);
  const { type } = OrderShipped["~message"];
  const answer = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      properties: {
        deliveryConfiguration: { deliveryMode: "Queue" },
        filtersConfiguration: subscriptionFilter({ types: [type], where: { abroad: true } }),
      },
    }),
  });
  if (!answer.ok) throw new NoCarrier(`the emulator made no subscription: ${await answer.text()}`);
}
