import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
} from "@azure/eventgrid-namespaces";
import { clientOptions, eventGrid } from "waybill/event-grid";
import { memoryPark } from "waybill/memory";
import type { ParkStore } from "waybill/store";
import type { Source, Transport } from "waybill/transport";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import { eventGridOf } from "../../tools/emulator/http/event-grid/entities.js";
import { acceleratedRuntime } from "../conformance/accelerated-runtime.js";
import { deadLetterIds, lettersOf } from "../crash/world/dead-letter-ids.js";
import { randomOf } from "../crash/random.js";
import { alerts, workerName } from "./contracts.js";
import { startHttpProxy, type HttpProxy } from "./proxy/http-proxy.js";
import { startProxy, type TcpProxy } from "./proxy/tcp-proxy.js";
import type { Place } from "./stage.js";

/** A queue subscription of a namespace topic: requests go through a proxy of bytes, and then through one that reads them. */
export interface GridPlace extends Place {
  readonly emulator: Emulator;
  readonly proxy: TcpProxy;
  readonly http: HttpProxy;
}

export interface GridPlaceOptions {
  readonly seed: number;
  /** Called before an event that is given up is kept. What it throws, the store throws. */
  readonly beforePark?: () => void;
}

const key = Buffer.from("a key of the faults").toString("base64");

/** How much faster than the machine's its clock runs while nothing happens: the SDK waits for nothing by a clock of its own. */
const speed = 25;

/** Of the adapter. */
const operationMs = 20_000;

/** The least that a subscription may have. */
const lockMs = 60_000;

/** The least that a request may wait for events. */
const waitMs = 10_000;

export async function gridPlace({ seed, beforePark }: GridPlaceOptions): Promise<GridPlace> {
  const runtime = acceleratedRuntime(speed);
  const emulator = await startEmulator({ port: 0, httpPort: 0, clock: runtime });
  const kept = memoryPark();
  const park: ParkStore = {
    ...kept,
    put: async (box, parked) => {
      beforePark?.();
      await kept.put(box, parked);
    },
  };
  const { endpoint } = emulator.eventGrid;
  const http = await startHttpProxy(Number(new URL(endpoint).port));
  const proxy = await startProxy({ port: http.port, random: randomOf(seed) });
  const spec = alerts["~channel"];
  const namespace = emulator.namespace();
  const entities = eventGridOf(namespace);
  entities.putTopic(spec.name, {}, [key]);
  entities.putSubscription(spec.name, workerName, {
    properties: {
      deliveryConfiguration: { deliveryMode: "Queue", queue: { receiveLockDurationInSeconds: 60 } },
    },
  });
  const source: Source = {
    ...{ kind: "listener", channel: spec, address: spec.name, listener: workerName },
    filter: { types: undefined },
  };
  return {
    ...{ channel: "alerts", runtime, emulator, proxy, http, lockMs, operationMs },
    // It cannot look whether events wait: a request that is not answered fails, after its wait.
    stallMs: 30_000,
    transport: () => gridOver(`http://127.0.0.1:${String(proxy.port)}`, park),
    quiet: async () => {
      const { ready, locked, delayed } = namespace.enter(
        () => namespace.notifier.pullSubscription(spec.name, workerName).counts,
      );
      return ready + locked + delayed === 0;
    },
    deadLetters: () => deadLetterIds(gridOver(endpoint, park), source),
    letters: () => lettersOf(gridOver(endpoint, park), source),
    problems: () => {
      const given = entities.deadLetters(spec.name, workerName).length;
      return Promise.resolve(given === 0 ? [] : [`the service itself gave ${String(given)} events up`]);
    },
    heal: () => {
      http.clear();
      proxy.clear();
    },
    close: async () => {
      await proxy.close();
      await http.close();
      await emulator.close();
    },
  };
}

const gridOver = (endpoint: string, park: ParkStore): Transport => {
  const credential = new AzureKeyCredential(key);
  const options = { ...clientOptions, allowInsecureConnection: true };
  return eventGrid({
    sender: (topic) => new EventGridSenderClient(endpoint, credential, topic, options),
    receiver: (topic, listener) =>
      new EventGridReceiverClient(endpoint, credential, topic, listener, options),
    deadLetters: park,
    operationTimeout: `${operationMs}ms`,
    maxWait: `${waitMs}ms`,
    lock: `${lockMs}ms`,
  });
};
