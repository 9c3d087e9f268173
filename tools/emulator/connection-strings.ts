import type { Credentials } from "./credentials.js";
import { isLoopback } from "./options.js";

/** How clients reach the emulator. */
export interface Endpoints {
  readonly amqpPort: number;
  readonly httpPort: number;
  readonly serviceBus: {
    /** For `ServiceBusClient`. */
    readonly connectionString: string;
    /** For `ServiceBusAdministrationClient`, which takes HTTP. */
    readonly administrationConnectionString: string;
  };
  readonly eventHubs: {
    /** For `EventHubProducerClient` and `EventHubConsumerClient`. */
    readonly connectionString: string;
  };
  readonly eventGrid: {
    /** Of namespaces; a custom topic is `{endpoint}/{topic}/api/events`. */
    readonly endpoint: string;
    /** In base64. */
    readonly key: string;
  };
}

/** The strings to paste. `host` is what the emulator listens on. */
export function endpointsOf(
  host: string,
  ports: { readonly amqpPort: number; readonly httpPort: number },
  { root, eventGridKey }: Credentials,
): Endpoints {
  const name = clientHost(host);
  const connectionString = (port: number): string =>
    `Endpoint=sb://${name}:${port};SharedAccessKeyName=${root.name};SharedAccessKey=${root.key};UseDevelopmentEmulator=true`;
  const amqp = connectionString(ports.amqpPort);
  return {
    ...ports,
    serviceBus: {
      connectionString: amqp,
      administrationConnectionString: connectionString(ports.httpPort),
    },
    eventHubs: { connectionString: amqp },
    eventGrid: { endpoint: `http://${name}:${ports.httpPort}`, key: eventGridKey },
  };
}

/** What listens on every address is reached here by the name of this machine for itself. */
function clientHost(host: string): string {
  if (isLoopback(host) || /^(0\.0\.0\.0|::|\[::\])$/.test(host)) return "localhost";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
