import type { Endpoints } from "../emulator/connection-strings.js";

/** What `--json` prints: the contract with whoever starts the emulator from a program. */
export function jsonLine({ amqpPort, httpPort, serviceBus, eventHubs, eventGrid }: Endpoints): string {
  return JSON.stringify({
    amqpPort,
    httpPort,
    serviceBus: { connectionString: serviceBus.connectionString },
    eventHubs: { connectionString: eventHubs.connectionString },
    eventGrid: { endpoint: eventGrid.endpoint, key: eventGrid.key },
  });
}

/** The same for a person, ready to paste. */
export function banner({ amqpPort, httpPort, serviceBus, eventGrid }: Endpoints, host: string): string {
  return [
    `Waybill emulator: AMQP on ${host}:${amqpPort}, HTTP on ${host}:${httpPort}. Ctrl+C ends it; nothing is kept.`,
    "",
    "Service Bus and Event Hubs",
    `  ${serviceBus.connectionString}`,
    "Service Bus administration",
    `  ${serviceBus.administrationConnectionString}`,
    "Event Grid",
    `  endpoint ${eventGrid.endpoint}`,
    `  key      ${eventGrid.key}`,
    "Health",
    `  ${eventGrid.endpoint}/health`,
    "",
  ].join("\n");
}
