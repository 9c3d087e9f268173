import { ServiceBusClient, type ServiceBusClientOptions } from "@azure/service-bus";
import { afterEach } from "vitest";
import { startEmulator, type Emulator, type EmulatorOptions } from "waybill-tools/emulator";

/** Options of Microsoft's clients that let failures come at once. */
export const quick = {
  retryOptions: { maxRetries: 0, retryDelayInMs: 10, maxRetryDelayInMs: 200, timeoutInMs: 5_000 },
};

/** The same, but what was interrupted is tried again. */
export const patient = { retryOptions: { ...quick.retryOptions, maxRetries: 5 } };

const closing: (() => Promise<void>)[] = [];

/** Ends what the tests of a file start, the last first. */
export function endAfterEach(): void {
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
}

/** An emulator on free ports that ends with the test. */
export async function started(options: EmulatorOptions = {}): Promise<Emulator> {
  const emulator = await startEmulator({ port: 0, httpPort: 0, ...options });
  closing.push(() => emulator.close());
  return emulator;
}

/** Microsoft's client, unmodified, that ends with the test. */
export function serviceBusClient(
  emulator: Emulator,
  options: ServiceBusClientOptions = quick,
): ServiceBusClient {
  const client = new ServiceBusClient(emulator.serviceBus.connectionString, options);
  closing.push(() => client.close());
  return client;
}

export const queues = (...names: readonly string[]): object => ({
  UserConfig: {
    Namespaces: [{ Name: "sbemulatorns", Queues: names.map((Name) => ({ Name })) }],
  },
});
