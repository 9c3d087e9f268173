import { ServiceBusAdministrationClient } from "@azure/service-bus";
import { generate } from "selfsigned";
import { onTestFinished } from "vitest";
import { EmulatorClock, machineClock } from "../../../tools/emulator/clock.js";
import { createDelivery, type DeliveryOptions } from "../../../tools/emulator/http/event-grid/deliver.js";
import { validationUrl } from "../../../tools/emulator/http/event-grid/management-routes.js";
import {
  startHttpServer,
  type HttpServer,
  type HttpServerOptions,
} from "../../../tools/emulator/http/start-http-server.js";
import { Namespace } from "../../../tools/emulator/namespace.js";

/** An HTTP side on its own, with one namespace, for the length of a test. */
export interface Stage {
  readonly clock: EmulatorClock;
  readonly namespace: Namespace;
  readonly server: HttpServer;
  /** `http://localhost:port` */
  readonly origin: string;
  /** Resolves when the next answer of an endpoint has reached Event Grid that nobody has waited for yet. */
  readonly answered: () => Promise<void>;
  /** How long until something falls due in Event Grid, or undefined. Exact on a frozen stage. */
  readonly dueIn: () => number | undefined;
}

export interface StageOptions extends Partial<Omit<HttpServerOptions, "clock" | "namespaceOf" | "port">> {
  readonly delivery?: DeliveryOptions;
  /** Stops the machine's clock, so that time moves by `advance` alone and waits can be told exactly. */
  readonly frozen?: boolean;
}

const startMs = Date.UTC(2026, 0, 1);

export async function startStage(options: StageOptions = {}): Promise<Stage> {
  const clock =
    options.frozen === true
      ? new EmulatorClock({ ...machineClock, now: () => startMs })
      : new EmulatorClock();
  const delivery = createDelivery(options.delivery);
  const at = { origin: "" };
  const namespace = new Namespace("sbemulatorns", {
    clock,
    deliver: delivery.deliver,
    validationUrl: (of, code) => validationUrl(at.origin, of, code),
  });
  const server = await startHttpServer({
    health: () => [],
    ...options,
    port: 0,
    clock,
    namespaceOf: () => namespace,
  });
  at.origin = `http://localhost:${server.port}`;
  onTestFinished(async () => {
    delivery.close();
    await server.close();
    namespace.close();
  });
  return {
    clock,
    namespace,
    server,
    origin: at.origin,
    answered: watchAnswers(namespace),
    dueIn() {
      const dueMs = namespace.inspect(({ notifier }) => notifier.nextDueMs());
      return dueMs === undefined ? undefined : dueMs - clock.now();
    },
  };
}

function watchAnswers({ notifier }: Namespace): () => Promise<void> {
  const answer = notifier.answer.bind(notifier);
  const wanted: (() => void)[] = [];
  let arrived = 0;
  notifier.answer = (...what) => {
    answer(...what);
    const want = wanted.shift();
    if (want === undefined) arrived += 1;
    else want();
  };
  return () =>
    new Promise((resolve) => {
      if (arrived === 0) wanted.push(resolve);
      else {
        arrived -= 1;
        resolve();
      }
    });
}

export const connectionString = (port: number, key = "SAS_KEY_VALUE"): string =>
  `Endpoint=sb://localhost:${port};SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=${key};UseDevelopmentEmulator=true;`;

const quick = { retryOptions: { maxRetries: 0 } };

/** The client over plain HTTP. Version 7.9.5 always asks by https, so the scheme is put right on the way. */
export function administrationClient({ server }: Stage, key?: string): ServiceBusAdministrationClient {
  const client = new ServiceBusAdministrationClient(connectionString(server.port, key), quick);
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

/** The client as it is, over TLS. */
export const secureAdministrationClient = (
  { server }: Stage,
  certificate: Certificate,
): ServiceBusAdministrationClient =>
  new ServiceBusAdministrationClient(connectionString(server.port), {
    ...quick,
    tlsOptions: { ca: certificate.cert },
  });

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** For `localhost` and `127.0.0.1`, its own authority. */
export async function testCertificate(): Promise<Certificate> {
  const pems = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      {
        name: "subjectAltName",
        altNames: [
          { type: 2, value: "localhost" },
          { type: 7, ip: "127.0.0.1" },
        ],
      },
    ],
  });
  return { cert: pems.cert, key: pems.private };
}
