import { getRequestListener } from "@hono/node-server";
import { EventGridPublisherClient } from "@azure/eventgrid";
import { AzureKeyCredential } from "@azure/eventgrid-namespaces";
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventGrid, eventGridHandler, sharedSecret } from "../../adapters/event-grid/index.js";
import { memory, memoryPark } from "../../adapters/memory/index.js";
import { command, queue } from "../../src/contracts/index.js";
import { WaybillError } from "../../src/errors.js";
import { run, service } from "../../src/index.js";
import type { Sender, Transport } from "../../src/transport/index.js";
import { startStage } from "../emulator/http/fixtures.js";
import { manage, untilState } from "../emulator/http/management-client.js";
import { accessKey, insecure, orders } from "./grid.js";
import * as z from "zod";

/** The machine may be busy. */
const patient = { timeout: 20_000 };

const secret = "the secret of the hook";
const path = "topics/orders/eventsubscriptions/intake";

const Ship = command("shop.ship", { version: 1, schema: z.object({ n: z.number() }) });
const work = queue("work", { messages: { ship: Ship }, dedupWindow: "1d" });

/** What befalls the next sends to the queue: it is not there, or it takes them and its answer is lost. */
type Fault = "down" | "answer lost";

/** The memory transport, whose sends fail as long as `fault.now` says so. */
function faulty(transport: Transport<"memory">, fault: { now?: Fault }): typeof transport {
  const watched = (sender: Sender): Sender => ({
    async send(messages) {
      const failing = fault.now;
      if (failing !== "down") {
        const results = await sender.send(messages);
        if (failing === undefined) return results;
      }
      const code = failing === "down" ? "transportFailed" : "ambiguousSend";
      return messages.map(() => ({ ok: false, error: new WaybillError(code, "the queue is away") }));
    },
    close: () => sender.close(),
  });
  return {
    ...transport,
    async connect(context) {
      const connection = await transport.connect(context);
      return {
        sender: (destination) => watched(connection.sender(destination)),
        receiver: (source, options) => connection.receiver(source, options),
        deadLetters: (source) => connection.deadLetters(source),
        close: () => connection.close(),
      };
    },
  };
}

/** Event Grid pushes to a service that only queues; another one does the work, and takes as long as `work` does. */
async function startIntake(handle: (n: number) => Promise<void> | void) {
  const stage = await startStage({ eventGridKeys: [accessKey], frozen: true });
  const fault: { now?: Fault } = {};
  const queues = memory();
  const hook = eventGridHandler({ authenticate: sharedSecret(() => [secret]) });
  const intake = service("intake")
    .sends(work)
    .listen(
      orders,
      {
        placed: async ({ data }, ctx) => {
          await ctx.send(work.ship, data);
        },
      },
      { retry: { attempts: 30 } },
    );
  const worker = service("worker").consume(work, { ship: ({ data }) => handle(data.n) });
  const notifications = eventGrid({ receiver: () => hook, deadLetters: memoryPark() });
  const apps = [
    await run(intake, { transport: { notifications, queues: faulty(queues, fault) } }),
    await run(worker, { transport: queues }),
  ];
  const listener = getRequestListener(hook);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(async () => {
    await Promise.all(apps.map((app) => app.stop()));
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpointUrl = `http://127.0.0.1:${String(port)}/events?code=${encodeURIComponent(secret)}`;
  const inputSchema = "CloudEventSchemaV1_0";
  await manage(stage, "PUT", "topics/orders", { kind: "custom", properties: { inputSchema } });
  const properties = { destination: { endpointType: "WebHook", properties: { endpointUrl } } };
  await manage(stage, "PUT", path, { properties });
  await untilState(stage, path, "Succeeded");
  await stage.answered();
  const publisher = new EventGridPublisherClient(
    `${stage.origin}/orders/api/events`,
    "CloudEvent",
    new AzureKeyCredential(accessKey),
    insecure,
  );
  const shop = await run(service("shop").sends(orders), {
    transport: eventGrid({ sender: () => publisher, deadLetters: memoryPark() }),
  });
  onTestFinished(async () => {
    await shop.stop();
  });
  const pending = async (): Promise<unknown> => (await manage(stage, "GET", path)).body;
  return { stage, fault, shop, pending };
}

const none = { emulator: { events: { pending: 0 } } };
const one = { emulator: { events: { pending: 1 } } };

describe("a webhook whose handler only sends to a queue", () => {
  it("has answered while the work of the event goes on", async () => {
    const gate = new EventEmitter();
    const begun = once(gate, "begun");
    const done: number[] = [];
    const { stage, shop, pending } = await startIntake(async (n) => {
      const opened = once(gate, "open");
      gate.emit("begun");
      await opened;
      done.push(n);
    });
    await shop.send(orders.placed, { n: 1 });
    await stage.answered();
    await begun;
    expect([await pending(), done]).toMatchObject([none, []]);
    gate.emit("open");
    await expect.poll(() => done, patient).toEqual([1]);
  });

  it("has Event Grid come again while the queue is away, and loses nothing", async () => {
    const done: number[] = [];
    const { stage, fault, shop, pending } = await startIntake((n) => void done.push(n));
    fault.now = "down";
    await shop.send(orders.placed, { n: 1 });
    await stage.answered();
    expect([await pending(), stage.dueIn(), done]).toMatchObject([one, 30_000, []]);
    delete fault.now;
    stage.clock.advance(30_000);
    await stage.answered();
    expect(await pending()).toMatchObject(none);
    await expect.poll(() => done, patient).toEqual([1]);
  });

  it("has the work done once though Event Grid comes again, because the queue drops the second message", async () => {
    const done: number[] = [];
    const { stage, fault, shop, pending } = await startIntake((n) => void done.push(n));
    fault.now = "answer lost";
    await shop.send(orders.placed, { n: 1 });
    await stage.answered();
    expect(await pending()).toMatchObject(one);
    await expect.poll(() => done, patient).toEqual([1]);
    delete fault.now;
    stage.clock.advance(30_000);
    await stage.answered();
    expect(await pending()).toMatchObject(none);
    // Behind it in the queue.
    await shop.send(orders.placed, { n: 2 });
    await expect.poll(() => done, patient).toEqual([1, 2]);
  });
});
