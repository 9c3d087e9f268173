import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
} from "@azure/eventgrid-namespaces";
import { EventGridPublisherClient } from "@azure/eventgrid";
import { onTestFinished } from "vitest";
import { clientOptions, eventGrid, type EventGridOptions } from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { event, notifications } from "../../src/contracts/index.js";
import { realRuntime } from "../../src/runtime/runtime.js";
import type { Connection, Envelope, ListenerSource } from "../../src/transport/index.js";
import { startStage, type Stage } from "../emulator/http/fixtures.js";
import { manage } from "../emulator/http/management-client.js";
import * as z from "zod";

/** The access key of every topic: no error may show it. */
export const accessKey = Buffer.from("a key that nobody may see").toString("base64");

/** What every client needs on a loopback without TLS. */
export const insecure = { ...clientOptions, allowInsecureConnection: true };

export const OrderPlaced = event("shop.order-placed", {
  version: 1,
  schema: z.object({ n: z.number() }),
  key: ({ n }) => `orders/${String(n)}`,
});

export const orders = notifications("orders", { messages: { placed: OrderPlaced } });

/** A stage with a namespace topic `orders`, its queue subscription `audit`, and a transport to it. */
export async function startGrid(more: Partial<EventGridOptions> = {}) {
  const stage = await startStage({ eventGridKeys: [accessKey] });
  await manage(stage, "PUT", "topics/orders", {});
  await manage(stage, "PUT", "topics/orders/eventsubscriptions/audit", {
    properties: { deliveryConfiguration: { deliveryMode: "Queue" } },
  });
  const park = memoryPark();
  const transport = eventGrid({ ...factories(stage), deadLetters: park, ...more });
  return { stage, park, transport };
}

/** Clients of a stage. */
export const factories = ({ origin }: Stage, key = accessKey) => ({
  sender: (topic: string) => new EventGridSenderClient(origin, new AzureKeyCredential(key), topic, insecure),
  receiver: (topic: string, subscription: string) =>
    new EventGridReceiverClient(origin, new AzureKeyCredential(key), topic, subscription, insecure),
});

export const customTopic = (stage: Stage, schema: "CloudEvent", options: object = insecure) =>
  new EventGridPublisherClient(
    `${stage.origin}/custom/api/events`,
    schema,
    new AzureKeyCredential(accessKey),
    options,
  );

/** A connection that ends with its test. */
export async function connected(transport: ReturnType<typeof eventGrid>): Promise<Connection> {
  const connection = await transport.connect({
    service: "audit",
    runtime: realRuntime(),
    destinations: [],
    sources: [],
  });
  onTestFinished(async () => {
    await connection.close();
  });
  return connection;
}

export const channel = orders["~channel"];

export const source = (address = "orders"): ListenerSource => ({
  kind: "listener",
  channel,
  address,
  listener: "audit",
  filter: { types: undefined },
});

export const envelope = (n: number, more: Partial<Envelope> = {}): Envelope => ({
  id: `e${String(n)}`,
  source: "shop",
  type: "shop.order-placed",
  version: 1,
  contentType: "application/json",
  headers: {},
  history: {},
  extensions: {},
  body: Buffer.from(JSON.stringify({ n })),
  ...more,
});

export const options = { lanes: 1, perLane: 1, startFrom: "earliest", onLost: () => undefined } as const;
