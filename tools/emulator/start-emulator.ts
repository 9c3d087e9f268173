import { createOnUse } from "./amqp/create-on-use.js";
import { startAmqpServer, type AmqpServer } from "./amqp/engine/server.js";
import { eventHubsDoor } from "./amqp/event-hubs/event-hubs-door.js";
import { amqpService } from "./amqp/router.js";
import { serviceBusDoor } from "./amqp/service-bus/service-bus-door.js";
import { readContent } from "./config/read-content.js";
import { endpointsOf } from "./connection-strings.js";
import type { Emulator } from "./emulator.js";
import { EmulatorParts } from "./emulator-parts.js";
import { startHttpServer, type HttpServer } from "./http/start-http-server.js";
import { ListenError } from "./listen-error.js";
import { isLoopback, type EmulatorOptions } from "./options.js";
import { RunningEmulator } from "./running-emulator.js";

const defaultHost = "127.0.0.1";
const defaultPort = 5672;
const defaultHttpPort = 5300;

/**
 * Starts Service Bus and Event Hubs over AMQP on one port, and administration and Event Grid over HTTP on another, in this
 * process. Resolves when all of them accept.
 *
 * @throws {ConfigError} for a configuration or contract that cannot be meant, or a name that two of them declare
 * @throws {ListenError} if a port is taken, saying which and what to change
 */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const { host = defaultHost, onWarning: warn = warnOnStandardError } = options;
  const content = await readContent(options, warn);
  const parts = new EmulatorParts(options, content);
  try {
    parts.declare();
    const http = await listenHttp(options, parts);
    parts.onClose(() => http.close());
    const amqp = await listenAmqp(options, parts);
    parts.onClose(() => amqp.close());
    const ports = { amqpPort: amqp.port, httpPort: http.port };
    const endpoints = endpointsOf(host, ports, parts.credentials);
    parts.origin = endpoints.eventGrid.endpoint;
    if (!isLoopback(host)) warn(openness(host, parts));
    return new RunningEmulator(parts, amqp, endpoints);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function listenHttp(options: EmulatorOptions, parts: EmulatorParts): Promise<HttpServer> {
  const { host = defaultHost, httpPort: port = defaultHttpPort, tls, limits } = options;
  const { clock, namespaces, credentials, topicKeys } = parts;
  try {
    return await startHttpServer({
      host,
      port,
      clock,
      namespaceOf: (name) => namespaces.forHost(name),
      eventGridKeys: topicKeys,
      health: () => parts.problems(),
      ...(credentials.auth === undefined ? {} : { auth: credentials.auth }),
      ...(tls === undefined ? {} : { tls }),
      ...(limits?.http === undefined ? {} : { limits: limits.http }),
    });
  } catch (error) {
    throw new ListenError(error, { host, port, option: "httpPort" });
  }
}

async function listenAmqp(options: EmulatorOptions, parts: EmulatorParts): Promise<AmqpServer> {
  const { host = defaultHost, port = defaultPort, tls, limits } = options;
  const { clock, namespaces, credentials, observation, connections, tokens } = parts;
  const service = amqpService({
    clock,
    namespaceOf: (name) => namespaces.forHost(name),
    auth: credentials.auth,
    tokens,
    createOnUse: options.createOnUse === true ? createOnUse : undefined,
    serviceBus: serviceBusDoor,
    eventHubs: eventHubsDoor,
  });
  try {
    return await startAmqpServer({
      host,
      port,
      open: connections.around(observation.around(service)),
      ...(observation.tap === undefined ? {} : { tap: observation.tap }),
      ...(tls === undefined ? {} : { tls }),
      ...(limits?.amqp === undefined ? {} : { limits: limits.amqp }),
    });
  } catch (error) {
    throw new ListenError(error, { host, port, option: "port" });
  }
}

const openness = (host: string, { credentials }: EmulatorParts): string =>
  `the emulator listens on ${host}: whoever reaches this machine over the network can connect to it` +
  (credentials.auth === undefined ? ", and nobody is asked for a key" : "; they need the key to do anything");

function warnOnStandardError(text: string): void {
  console.error(`waybill: warning: ${text}`);
}
