import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { ServiceBusClient } from "@azure/service-bus";
import { generate } from "selfsigned";
import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { clientOptions as hubOptions, eventHubs } from "waybill/event-hubs";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { isWaybillError } from "waybill";
import { realRuntime } from "waybill/store";
import type { Transport } from "waybill/transport";
import { start } from "../../../src/start.js";
import { sendJob, shopOf, workerOf, type ChannelKey } from "../lines.js";
import type { Outcome, Row } from "../row.js";
import { until } from "../until.js";

/** By the machine's clock: nothing is to be waited for that the broker counts. */
const operationMs = 2_000;
const graceMs = 250;
const retryOptions = { maxRetries: 0, timeoutInMs: 3_000, retryDelayInMs: 100 };
const credential = { getToken: () => Promise.resolve({ token: "none", expiresOnTimestamp: Infinity }) };
const host = "tailwind.servicebus.windows.net";

const transports: Readonly<Record<"plain" | "sales", (port: number) => Transport>> = {
  plain: (port) =>
    serviceBus({
      client: () =>
        new ServiceBusClient(host, credential, {
          ...clientOptions,
          retryOptions,
          customEndpointAddress: endpoint(port),
        }),
      operationTimeout: "2s",
    }),
  sales: (port) => {
    const options = { ...hubOptions, retryOptions, customEndpointAddress: endpoint(port) };
    return eventHubs({
      producer: (hub) => new EventHubProducerClient(host, hub, credential, options),
      consumer: (hub, group) => new EventHubConsumerClient(group, host, hub, credential, options),
      checkpoints: memoryCheckpoints(),
      park: memoryPark(),
      operationTimeout: "2s",
    });
  },
};

const endpoint = (port: number): string => `sb://localhost:${String(port)}`;

/** What answers the client's first words. */
interface Stub {
  readonly server: Server;
  hits: () => number;
}

/** Takes a connection, and says nothing. */
async function silent(): Promise<Stub> {
  let hits = 0;
  const sockets = createTcpServer((socket) => {
    hits += 1;
    socket.on("error", () => undefined).resume();
  });
  return { server: sockets, hits: () => hits };
}

/** Shows a certificate that ended years ago, and that nobody signed. */
async function expired(): Promise<Stub> {
  const pems = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
    notBeforeDate: new Date("2020-01-01"),
    notAfterDate: new Date("2021-01-01"),
  });
  let hits = 0;
  const server = createTlsServer({ cert: pems.cert, key: pems.private });
  server.on("connection", () => (hits += 1));
  server.on("tlsClientError", () => undefined);
  return { server, hits: () => hits };
}

/** A service that can reach nobody: sends fail in time and in their class, readers say why, and both can be stopped. */
async function shutOut(
  channel: ChannelKey & keyof typeof transports,
  make: () => Promise<Stub>,
  expects?: string,
): Promise<Outcome> {
  const { server, hits } = await make();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const problems: string[] = [];
  const transport = transports[channel]((server.address() as AddressInfo).port);
  const runtime = realRuntime();
  const told: unknown[] = [];
  const on = (event: { readonly event: string; readonly error?: unknown }): void => {
    if (event.event === "receiveFailed") told.push(event.error);
  };
  try {
    const shop = await start(shopOf(channel), { transport }, runtime);
    const silentWorker = workerOf(channel, () => Promise.resolve(), 1, { idempotent: false });
    const worker = await start(silentWorker, { transport, on }, runtime);
    const beganMs = runtime.elapsed();
    const refused: unknown = await sendJob(shop, channel, { n: 1, key: "a" }, "a-1").catch(
      (error: unknown) => error,
    );
    const tookMs = runtime.elapsed() - beganMs;
    if (tookMs > operationMs + graceMs) problems.push(`I12: a send took ${tookMs.toFixed(0)} ms`);
    if (!isWaybillError(refused))
      problems.push(`a send was not refused by an error of ours: ${String(refused)}`);
    if (isWaybillError(refused) && expects !== undefined && refused.class !== expects)
      problems.push(`the class is ${refused.class}, not ${expects}: ${refused.message}`);
    if (expects !== undefined) await until("the reader to say why", () => told.length > 0);
    for (const app of [shop, worker]) {
      const stopMs = runtime.elapsed();
      await app.stop({ deadline: "2s" });
      if (runtime.elapsed() - stopMs > 2_000 + graceMs) problems.push("I12: a stop took too long");
    }
  } finally {
    server.close();
  }
  return { struck: hits(), accepted: 0, effects: 0, lost: [], problems };
}

const row = (on: Row["on"], injected: string, run: () => Promise<Outcome>): Row => ({
  ...{ f: 10, on, injected, holds: ["I12"] },
  run,
});

const hang = "TLS stub: the handshake is never answered";
const bad = "TLS stub: a certificate that has expired and that nobody signed; class config";

/** Faults of TLS, by a server of our own. */
export const tls: readonly Row[] = [
  row("service-bus", hang, () => shutOut("plain", silent)),
  row("event-hubs", hang, () => shutOut("sales", silent)),
  row("service-bus", bad, () => shutOut("plain", expired, "config")),
  row("event-hubs", bad, () => shutOut("sales", expired, "config")),
];
