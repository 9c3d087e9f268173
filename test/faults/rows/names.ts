import { AzureNamedKeyCredential } from "@azure/core-auth";
import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { ServiceBusClient } from "@azure/service-bus";
import { eventHubs } from "waybill/event-hubs";
import { clientOptions, serviceBus } from "waybill/service-bus";
import { WebSocket } from "ws";
import { testCertificate } from "../../emulator/http/fixtures.js";
import type { AmqpPlace } from "../places.js";
import { eventHubsPlace, serviceBusPlace } from "../places.js";
import type { TcpProxy } from "../proxy/tcp-proxy.js";
import type { Row } from "../row.js";
import {
  onHub,
  onQueue,
  onSessions,
  overAmqp,
  rowOf,
  type Act,
  type AmqpScript,
  type Script,
} from "../staged.js";
import { until } from "../until.js";
import { eventHubsOver, impatient, serviceBusOver } from "../worlds.js";
import { flappingName, type FlappingName } from "./resolver.js";

/** A host that is not known for a while, after connections were cut. */
function flapping(on: typeof onQueue | typeof onHub): Row {
  const names = new Map<number, FlappingName>();
  const nameOf = (port: number): FlappingName => {
    const name = names.get(port) ?? flappingName();
    names.set(port, name);
    return name;
  };
  const script: AmqpScript = {
    ...{
      f: 9,
      injected: "resolver: the host is not known (ENOTFOUND), after a cut",
      holds: ["I1", "I2", "I10", "I11"],
    },
    transport: (connectionString, { proxy, stores }) => {
      const named = connectionString.replace("localhost", nameOf(proxy.port).host);
      return on === onHub ? eventHubsOver(named, stores) : serviceBusOver(named);
    },
    act: async (stage, { proxy }: AmqpPlace) => {
      const name = nameOf(proxy.port);
      name.flap(true);
      proxy.cut();
      await until("the host to be asked for", () => name.hits >= 3);
      await stage.heard();
      name.flap(false);
      await stage.progress();
      if (proxy.open > 4) stage.problems.push(`I10: ${String(proxy.open)} connections are open`);
      const { hits } = name;
      name.forget();
      return hits;
    },
  };
  return on(script);
}

/** Tokens end, and what is asked for new ones is lost. */
const tokens: Act<AmqpPlace> = async (stage, { emulator }) => {
  const fault = emulator.faults.frames({ kind: "transfer", direction: "out", address: "$cbs" }, "drop");
  emulator.expireTokens();
  await until("answers of $cbs to be lost", () => fault.hits >= 2);
  await stage.heard();
  fault.remove();
  emulator.faults.cut();
  await stage.progress();
  return fault.hits;
};

type Rotating = AmqpPlace & { readonly exchange: () => void };

const rotation: Script<Rotating> = {
  ...{ f: 16, injected: "the key of the credential is exchanged, and all tokens end" },
  holds: ["I1", "I2", "I11"],
  act: async (stage, { emulator, exchange }) => {
    let withNew = 0;
    const watch = emulator.faults.frames(
      { kind: "transfer", direction: "in", address: "$cbs" },
      {
        replace: (bytes: Uint8Array) => {
          if (Buffer.from(bytes).includes("skn=new")) withNew += 1;
          return bytes;
        },
      },
    );
    exchange();
    emulator.expireTokens();
    await until("tokens of the new key", () => withNew >= 2);
    watch.remove();
    await stage.progress();
    return withNew;
  },
};

const host = "tailwind.servicebus.windows.net";

/** A key that is exchanged for another while messages flow, over WebSockets and TLS. */
function rotated(on: "service-bus" | "service-bus sessions" | "event-hubs"): Row {
  const rules = ["old", "new"].map((name) => ({
    name,
    key: `the-${name}-key`,
    rights: ["Send", "Listen"] as const,
  }));
  return rowOf(on, rotation, async (seed) => {
    const tls = await testCertificate();
    const credential = new AzureNamedKeyCredential("old", "the-old-key");
    const options = (proxy: TcpProxy) => ({
      ...{ ...clientOptions, retryOptions: impatient },
      customEndpointAddress: `sb://localhost:${String(proxy.port)}`,
      webSocketOptions: { webSocket: WebSocket, webSocketConstructorOptions: { ca: tls.cert } },
    });
    const shared = { seed, emulator: { tls, auth: { rules } } };
    const place = await (on === "event-hubs"
      ? eventHubsPlace({
          ...shared,
          transport: (_connectionString, { proxy, stores }) =>
            eventHubs({
              producer: (hub) => new EventHubProducerClient(host, hub, credential, options(proxy)),
              consumer: (hub, group) =>
                new EventHubConsumerClient(group, host, hub, credential, options(proxy)),
              ...stores,
              operationTimeout: "10s",
              balanceInterval: "2s",
              ownershipExpiry: "10s",
              silence: "200ms",
            }),
        })
      : serviceBusPlace(on === "service-bus" ? "plain" : "sessions", {
          ...shared,
          transport: (_connectionString, { proxy }) =>
            serviceBus({
              client: () => new ServiceBusClient(host, credential, options(proxy)),
              operationTimeout: "10s",
            }),
        }));
    return { ...place, exchange: () => credential.update("new", "the-new-key") };
  });
}

/** Faults of names, keys and tokens. */
export const names: readonly Row[] = [
  flapping(onQueue),
  flapping(onSessions),
  flapping(onHub),
  ...overAmqp({
    ...{
      f: 15,
      injected: "emulator: all tokens end, and answers of $cbs are lost",
      holds: ["I1", "I2", "I11"],
    },
    emulator: { auth: true },
    act: tokens,
  }),
  rotated("service-bus"),
  rotated("service-bus sessions"),
  rotated("event-hubs"),
];
