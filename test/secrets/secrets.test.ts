import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import {
  AzureKeyCredential,
  EventGridReceiverClient,
  EventGridSenderClient,
} from "@azure/eventgrid-namespaces";
import { ServiceBusClient } from "@azure/service-bus";
import { QueueServiceClient } from "@azure/storage-queue";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished } from "vitest";
import { deadLetter, park, service } from "waybill";
import { event, notifications } from "waybill/contracts";
import {
  clientOptions as gridOptions,
  eventGrid,
  eventGridHandler,
  sharedSecret,
  type Refusal,
} from "waybill/event-grid";
import { clientOptions as hubOptions, eventHubs } from "waybill/event-hubs";
import { memory, memoryCheckpoints, memoryIdempotency, memoryPark } from "waybill/memory";
import { clientOptions as busOptions, serviceBus } from "waybill/service-bus";
import { clientOptions as queueOptions, storageQueue } from "waybill/storage-queue";
import type { ParkStore } from "waybill/store";
import type { Transport } from "waybill/transport";
import { startEmulator, type Emulator } from "waybill-tools/emulator";
import * as z from "zod";
import { waybill } from "../emulator/cli/command.js";
import { plain, sales, storage } from "../faults/contracts.js";
import { startHttpProxy, type HttpFate } from "../faults/proxy/http-proxy.js";
import { Outputs } from "./outputs.js";
import { bareSecret, found, leakyError, planted } from "./planted.js";

const Shipped = event("secrets.shipped", { version: 1, schema: z.object({ n: z.number() }) });
const shipments = notifications("shipments", { messages: { shipped: Shipped } });

const once = { retry: { attempts: 1, immediate: 0 } } as const;
const job = { n: 1, key: "a" };

/** What a handler throws or says, by the message that it gets. */
const handled = ({ data: { n } }: { readonly data: { readonly n: number } }) => {
  if (n === 1) throw leakyError("handler error");
  if (n === 2) throw planted("handler text");
  return deadLetter(planted("dead letter reason"));
};

const worker = service("worker").sends(plain).consume(plain, { job: handled }, once)["~service"];
const forgetful = service("worker")
  .sends(plain)
  .consume(plain, { job: () => undefined }, { idempotent: true })["~service"];
const storageWorker = service("worker").sends(storage).consume(storage, { job: handled }, once)["~service"];
const reader = service("worker")
  .sends(sales)
  .read(
    sales,
    {
      job: ({ data: { n } }) => {
        if (n === 1) throw leakyError("handler error");
        return park(planted("park reason"));
      },
    },
    { ...once, checkpoint: { events: 1 } },
  )["~service"];
const listener = service("audit")
  .sends(shipments)
  .listen(shipments, { shipped: () => Promise.reject(leakyError("handler error")) }, once)["~service"];

async function emulator(): Promise<Emulator> {
  const started = await startEmulator({ port: 0, httpPort: 0 });
  onTestFinished(() => started.close());
  started.namespace().createQueue("work");
  started.namespace().createHub("sales", { partitions: 2 });
  started.namespace().enter(() => {
    started.namespace().streams.createConsumerGroup("sales", "worker");
  });
  return started;
}

const bus = ({ serviceBus: { connectionString } }: Emulator): Transport =>
  serviceBus({ client: () => new ServiceBusClient(connectionString, busOptions) });

const hubs = (
  { eventHubs: { connectionString } }: Emulator,
  stores: Partial<Parameters<typeof eventHubs>[0]> = {},
): Transport =>
  eventHubs({
    producer: (hub) => new EventHubProducerClient(connectionString, hub, hubOptions),
    consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, hubOptions),
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
    silence: "100ms",
    ...stores,
  });

/** A server that answers every request so. */
async function answering(fate: HttpFate): Promise<string> {
  const proxy = await startHttpProxy(0);
  onTestFinished(() => proxy.close());
  proxy.add(() => fate);
  return `http://127.0.0.1:${String(proxy.port)}`;
}

const refusal = (status: number, body: string, type: string): HttpFate => ({
  answer: status,
  headers: {
    "content-type": type,
    "x-ms-error-code": "AuthenticationFailed",
    "x-echo": planted("header of an answer"),
  },
  body,
});

const xml = `<?xml version="1.0"?><Error><Code>AuthenticationFailed</Code><Message>${planted("xml").replaceAll("&", "&amp;")}</Message></Error>`;
const json = JSON.stringify({
  error: { code: "Unauthorized", message: planted("json"), details: [planted("details")] },
});

/** A park store that shows what it keeps. */
const shownPark = (outputs: Outputs): ParkStore => {
  const kept = memoryPark();
  return {
    ...kept,
    put: (box, parked) => {
      outputs.all.push(Buffer.from(parked.bytes).toString());
      return kept.put(box, parked);
    },
  };
};

const throwing = (place: string) => (): never => {
  throw leakyError(place);
};

/** What is done in each case; what is told meanwhile is looked at afterwards. */
type Case = readonly [name: string, act: (outputs: Outputs) => Promise<void>];

const cases: readonly Case[] = [
  [
    "a Service Bus factory throws",
    async (outputs) => {
      await outputs.run(worker, serviceBus({ client: throwing("factory") }));
    },
  ],
  [
    "an Event Hubs factory throws",
    async (outputs) => {
      const stores = { checkpoints: memoryCheckpoints(), park: memoryPark() };
      await outputs.run(
        reader,
        eventHubs({ producer: throwing("producer"), consumer: throwing("consumer"), ...stores }),
      );
    },
  ],
  [
    "a Storage Queues factory throws",
    async (outputs) => {
      await outputs.run(storageWorker, storageQueue({ client: throwing("factory") }));
    },
  ],
  [
    "an Event Grid factory throws",
    async (outputs) => {
      const factories = { sender: throwing("sender"), receiver: throwing("receiver") };
      await outputs.run(listener, eventGrid({ ...factories, deadLetters: memoryPark() }));
    },
  ],
  [
    "Service Bus refuses links with a reason",
    async (outputs) => {
      const started = await emulator();
      started.faults.refuse(
        { address: "work" },
        { condition: "amqp:internal-error", description: planted("refusal") },
      );
      const app = await outputs.run(worker, bus(started));
      if (app !== undefined) await outputs.note(app.send(plain.job, job));
      if (app !== undefined) await outputs.note(app.sendMany(plain.job, [job, job]));
      await outputs.until("receiveFailed");
    },
  ],
  [
    "Event Hubs refuses links with a reason",
    async (outputs) => {
      const started = await emulator();
      const error = { condition: "amqp:internal-error", description: planted("refusal") };
      for (const address of [
        "sales",
        "sales/ConsumerGroups/worker/Partitions/0",
        "sales/ConsumerGroups/worker/Partitions/1",
      ])
        started.faults.refuse({ address }, error);
      const app = await outputs.run(reader, hubs(started));
      if (app !== undefined) await outputs.note(app.send(sales.job, job));
      await outputs.until("receiveFailed");
    },
  ],
  [
    "handlers throw on Service Bus",
    async (outputs) => {
      const started = await emulator();
      const app = await outputs.run(worker, bus(started));
      for (const n of [1, 2, 3]) await app?.send(plain.job, { n, key: "a" });
      const letters = app?.deadLetters(plain);
      await expect.poll(async () => (await letters?.peek())?.length ?? 0, { timeout: 20_000 }).toBe(3);
      outputs.all.push(await letters?.peek());
      const client = new ServiceBusClient(started.serviceBus.connectionString);
      const raw = await client.createReceiver("work", { subQueueType: "deadLetter" }).peekMessages(10);
      outputs.all.push(
        raw.map(({ deadLetterReason, deadLetterErrorDescription, applicationProperties }) => [
          deadLetterReason,
          deadLetterErrorDescription,
          applicationProperties,
        ]),
      );
      await client.close();
    },
  ],
  [
    "handlers throw on Event Hubs",
    async (outputs) => {
      const app = await outputs.run(reader, hubs(await emulator(), { park: shownPark(outputs) }));
      for (const n of [1, 2]) await app?.send(sales.job, { n, key: "a" });
      const letters = app?.deadLetters(sales);
      await expect.poll(async () => (await letters?.peek())?.length ?? 0, { timeout: 20_000 }).toBe(2);
      outputs.all.push(await letters?.peek());
    },
  ],
  [
    "handlers throw in memory",
    async (outputs) => {
      const app = await outputs.run(worker, memory());
      for (const n of [1, 2, 3]) await app?.send(plain.job, { n, key: "a" });
      const letters = app?.deadLetters(plain);
      await expect.poll(async () => (await letters?.peek())?.length ?? 0).toBe(3);
      outputs.all.push(await letters?.peek());
    },
  ],
  [
    "the stores of a consumer group throw",
    async (outputs) => {
      const checkpoints = { ...memoryCheckpoints(), save: throwing("checkpoint store") };
      const parking = { ...memoryPark(), put: throwing("park store"), list: throwing("park store list") };
      const app = await outputs.run(reader, hubs(await emulator(), { checkpoints, park: parking }));
      await app?.send(sales.job, job);
      await outputs.until("settleFailed");
      if (app !== undefined) await outputs.note(app.deadLetters(sales).peek());
    },
  ],
  [
    "the idempotency store throws",
    async (outputs) => {
      const store = { ...memoryIdempotency(), claim: throwing("idempotency store") };
      const app = await outputs.run(forgetful, memory(), store);
      await app?.send(plain.job, job);
      await outputs.until("retryScheduled");
    },
  ],
  [
    "Storage Queues answers with an error",
    async (outputs) => {
      const endpoint = await answering(refusal(403, xml, "application/xml"));
      const signed = `${endpoint}/shop?sv=2024&sig=${bareSecret("signature of the client")}`;
      const client = (): QueueServiceClient => new QueueServiceClient(signed, undefined, queueOptions);
      const app = await outputs.run(storageWorker, storageQueue({ client }));
      if (app !== undefined) await outputs.note(app.send(storage.job, job));
      if (app !== undefined) await outputs.note(app.deadLetters(storage).peek());
      await outputs.until("receiveFailed");
    },
  ],
  ...["application/json", "text/plain"].map((type): Case => [
    `Event Grid answers with an error in ${type}`,
    async (outputs) => {
      const endpoint = await answering(refusal(401, type === "text/plain" ? planted("text") : json, type));
      const options = { ...gridOptions, allowInsecureConnection: true };
      const key = new AzureKeyCredential(bareSecret("key of the client"));
      const transport = eventGrid({
        sender: (topic) => new EventGridSenderClient(endpoint, key, topic, options),
        receiver: (topic, name) => new EventGridReceiverClient(endpoint, key, topic, name, options),
        deadLetters: memoryPark(),
      });
      const app = await outputs.run(listener, transport);
      if (app !== undefined) await outputs.note(app.send(shipments.shipped, { n: 1 }));
      await outputs.until("receiveFailed");
    },
  ]),
  [
    "a webhook is called, and refuses",
    async (outputs) => {
      const secret = bareSecret("secret of the webhook");
      const told = (refused: Refusal): void => void outputs.all.push(refused);
      const ways = [sharedSecret(() => [secret]), throwing("authentication")];
      for (const authenticate of ways) {
        const hook = eventGridHandler({ authenticate, onRefused: told });
        outputs.all.push(hook);
        const shown = [`?code=${secret}x`, `?code=${secret}`, ""];
        for (const query of shown) {
          const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
          const request = new Request(`https://hook.example/${query}`, {
            method: "POST",
            headers,
            body: `[{"${secret}`,
          });
          const answer = await hook(request);
          outputs.all.push(await answer.text(), [...answer.headers]);
        }
      }
      const hook = eventGridHandler({ authenticate: "nobody else can", onRefused: told });
      const park = shownPark(outputs);
      await outputs.run(
        listener,
        eventGrid({ receiver: () => hook, sender: throwing("unused"), deadLetters: park }),
      );
    },
  ],
  [
    "the emulator is started with what it cannot read",
    async (outputs) => {
      const folder = mkdtempSync(join(tmpdir(), "waybill-secrets-"));
      const files = {
        "cut.json": `{"UserConfig": "${planted("cut config")}`,
        "odd.json": JSON.stringify({ [planted("key")]: planted("config") }),
      };
      for (const [name, text] of Object.entries(files)) {
        const path = join(folder, name);
        writeFileSync(path, text);
        const running = waybill("emulator", "--port", "0", "--http-port", "0", "--config", path);
        await Promise.race([running.ended, running.firstLine.catch(() => undefined)]);
        running.process.kill("SIGKILL");
        outputs.all.push(await running.ended);
      }
    },
  ],
];

/** Where nothing of what was planted is told, not even its harmless part. */
const untold = new Set([
  "Event Grid answers with an error in text/plain",
  "the emulator is started with what it cannot read",
]);

describe("no output has a secret", () => {
  it.each(cases)("when %s", async (name, act) => {
    const outputs = new Outputs();
    try {
      await act(outputs);
    } finally {
      await outputs.end();
    }
    // What never came here cannot be left out of it either.
    expect(inspect(outputs.all, { depth: 12 }).includes("[redacted]")).toBe(!untold.has(name));
    expect(
      outputs.all.flatMap((output) => found(output).map((secret) => [secret, describeOutput(output)])),
    ).toEqual([]);
  });

  it("but what is looked for would be found", () => {
    expect(found({ error: leakyError("somewhere") }).length).toBeGreaterThan(30);
    expect(found(planted("x"))).toHaveLength(9);
  });
});

const describeOutput = (output: unknown): string =>
  output instanceof Error
    ? output.name
    : typeof output === "object" && output !== null && "event" in output
      ? String(output.event)
      : typeof output;
