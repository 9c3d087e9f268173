import { createOnUse } from "../../tools/emulator/amqp/create-on-use.js";
import type { EngineLimits, FrameTap } from "../../tools/emulator/amqp/engine/engine.js";
import { startAmqpServer, type AmqpServer } from "../../tools/emulator/amqp/engine/server.js";
import { eventHubsDoor } from "../../tools/emulator/amqp/event-hubs/event-hubs-door.js";
import { amqpService } from "../../tools/emulator/amqp/router.js";
import { serviceBusDoor } from "../../tools/emulator/amqp/service-bus/service-bus-door.js";
import { EmulatorClock } from "../../tools/emulator/clock.js";
import { Namespace } from "../../tools/emulator/namespace.js";
import { rootRule } from "../../tools/emulator/security/access-rule.js";
import type { AuthSettings } from "../../tools/emulator/security/auth-settings.js";

export interface FixtureOptions {
  readonly auth?: AuthSettings;
  readonly createOnUse?: boolean;
  readonly limits?: Partial<EngineLimits>;
  readonly tap?: FrameTap;
  /** In PEM. With it the port speaks TLS, too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** One namespace behind the AMQP engine and the router, on a port of its own; without HTTP. */
export interface Fixture {
  /** Its time is the machine's until a test advances it. */
  readonly clock: EmulatorClock;
  readonly namespace: Namespace;
  readonly server: AmqpServer;
  readonly port: number;
  /** Without an `EntityPath`. Default: the root rule. */
  connectionString(rule?: { readonly name: string; readonly key: string }): string;
  /** What handlers threw: a test that expects nothing of the kind looks that it is empty. */
  readonly faults: readonly unknown[];
  close(): Promise<void>;
}

/** Options of every `@azure/*` client of a test: failures come at once, and nothing waits for half a minute. */
export const quick = {
  retryOptions: { maxRetries: 0, retryDelayInMs: 10, maxRetryDelayInMs: 200, timeoutInMs: 5_000 },
};

export async function startFixture(options: FixtureOptions = {}): Promise<Fixture> {
  const clock = new EmulatorClock();
  const namespace = new Namespace("default", {
    clock,
    deliver: () => undefined,
    validationUrl: () => "http://127.0.0.1/",
  });
  const faults: unknown[] = [];
  const server = await startAmqpServer({
    host: "127.0.0.1",
    port: 0,
    open: amqpService({
      clock,
      namespaceOf: () => namespace,
      auth: options.auth,
      createOnUse: options.createOnUse === true ? createOnUse : undefined,
      serviceBus: serviceBusDoor,
      eventHubs: eventHubsDoor,
    }),
    onError: (error) => faults.push(error),
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.tap === undefined ? {} : { tap: options.tap }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    clock,
    namespace,
    server,
    port: server.port,
    connectionString: ({ name, key } = rootRule) =>
      `Endpoint=sb://127.0.0.1:${String(server.port)};SharedAccessKeyName=${name};SharedAccessKey=${key};UseDevelopmentEmulator=true`,
    faults,
    async close() {
      await server.close();
      namespace.close();
    },
  };
}
