import {
  ServiceBusAdministrationClient,
  ServiceBusClient,
  type ServiceBusClientOptions,
} from "@azure/service-bus";
import { onTestFinished } from "vitest";
import { clientOptions, serviceBus, type ServiceBusOptions } from "waybill/service-bus";
import type { Connection, Destination, Receiver, ReceiverOptions, Source } from "waybill/transport";
import { startEmulator, type Emulator, type EmulatorOptions } from "waybill-tools/emulator";
import { realRuntime, type Runtime } from "../../src/runtime/runtime.js";

/** An emulator that ends with the test. */
export async function startBus(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, ...options });
  onTestFinished(() => emulator.close());
  return emulator;
}

export const clientOf = (
  { serviceBus }: Emulator,
  options: ServiceBusClientOptions = clientOptions,
): ServiceBusClient => new ServiceBusClient(serviceBus.connectionString, options);

/** Version 7.9 of the client asks by HTTPS whatever the connection string says. */
export function administrationOf({ serviceBus }: Emulator): ServiceBusAdministrationClient {
  const client = new ServiceBusAdministrationClient(serviceBus.administrationConnectionString);
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

export interface Places {
  readonly destinations?: readonly Destination[];
  readonly sources?: readonly Source[];
  readonly runtime?: Runtime;
}

/** A connection of the adapter that is closed with the test. */
export async function connectTo(
  emulator: Emulator,
  { destinations = [], sources = [], runtime = realRuntime() }: Places = {},
  options: Partial<ServiceBusOptions> = {},
): Promise<Connection> {
  const transport = serviceBus({ client: () => clientOf(emulator), ...options });
  const connection = await transport.connect({ service: "shop", runtime, destinations, sources });
  onTestFinished(() => connection.close());
  return connection;
}

export const receiving = (options: Partial<ReceiverOptions> = {}): ReceiverOptions => ({
  lanes: 8,
  perLane: 1,
  startFrom: "earliest",
  onLost: () => undefined,
  ...options,
});

/** What comes until there are `count`. */
export async function receiveAll(receiver: Receiver, count: number): Promise<readonly string[]> {
  const bodies: string[] = [];
  while (bodies.length < count) {
    const got = await receiver.receive(count - bodies.length, new AbortController().signal);
    bodies.push(...got.map(({ envelope }) => Buffer.from(envelope.body).toString()));
    await receiver.settle(got.map((delivery) => ({ delivery, action: { kind: "complete" } })));
  }
  return bodies;
}
