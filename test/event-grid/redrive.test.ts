import { getRequestListener } from "@hono/node-server";
import { EventGridPublisherClient } from "@azure/eventgrid";
import { AzureKeyCredential } from "@azure/eventgrid-namespaces";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  eventGrid,
  eventGridHandler,
  sharedSecret,
  type EventGridHandler,
  type TopicPublisher,
} from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { reject, run, service } from "../../src/index.js";
import { startStage, type Stage } from "../emulator/http/fixtures.js";
import { manage, untilState } from "../emulator/http/management-client.js";
import { accessKey, insecure, orders } from "./grid.js";

/** The machine may be busy. */
const patient = { timeout: 20_000 };

const secret = "the secret of the hook";
const secured = { authenticate: sharedSecret(() => [secret]) };

const publishers: Readonly<Record<"CloudEvents" | "Event Grid", (stage: Stage) => TopicPublisher>> = {
  CloudEvents: ({ origin }) =>
    new EventGridPublisherClient(
      `${origin}/orders/api/events`,
      "CloudEvent",
      new AzureKeyCredential(accessKey),
      insecure,
    ),
  "Event Grid": ({ origin }) => ({
    schema: "EventGrid",
    client: new EventGridPublisherClient(
      `${origin}/orders/api/events`,
      "EventGrid",
      new AzureKeyCredential(accessKey),
      insecure,
    ),
  }),
};

async function subscribe(stage: Stage, name: string, hook: EventGridHandler): Promise<void> {
  const listener = getRequestListener(hook);
  const server = createServer((incoming, outgoing) => void listener(incoming, outgoing));
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const endpointUrl = `http://127.0.0.1:${String(port)}/events?code=${encodeURIComponent(secret)}`;
  const path = `topics/orders/eventsubscriptions/${name}`;
  const properties = { destination: { endpointType: "WebHook", properties: { endpointUrl } } };
  await manage(stage, "PUT", path, { properties });
  await untilState(stage, path, "Succeeded");
}

/** A service that gives every event up, and another one that only counts them, subscribed to one topic. */
async function twoListeners(schema: keyof typeof publishers) {
  const stage = await startStage({ eventGridKeys: [accessKey] });
  const inputSchema = schema === "CloudEvents" ? "CloudEventSchemaV1_0" : "EventGridSchema";
  await manage(stage, "PUT", "topics/orders", { kind: "custom", properties: { inputSchema } });
  const hooks = { audit: eventGridHandler(secured), other: eventGridHandler(secured) };
  const runs = { audit: 0, other: 0 };
  const audit = service("audit").listen(orders, {
    placed: () => {
      runs.audit += 1;
      return reject("no good");
    },
  });
  const other = service("other").listen(orders, {
    placed: () => {
      runs.other += 1;
    },
  });
  const app = await run(audit.sends(orders), {
    transport: eventGrid({
      sender: () => publishers[schema](stage),
      receiver: () => hooks.audit,
      deadLetters: memoryPark(),
    }),
  });
  const beside = await run(other, {
    transport: eventGrid({ receiver: () => hooks.other, deadLetters: memoryPark() }),
  });
  onTestFinished(async () => {
    await Promise.all([app.stop(), beside.stop()]);
  });
  for (const [name, hook] of Object.entries(hooks)) await subscribe(stage, name, hook);
  const idle = async (): Promise<void> => {
    for (const name of Object.keys(hooks)) {
      await expect
        .poll(() => manage(stage, "GET", `topics/orders/eventsubscriptions/${name}`), patient)
        .toMatchObject({ body: { emulator: { events: { pending: 0 } } } });
    }
  };
  return { app, runs, idle };
}

describe("a dead letter of a webhook", () => {
  it("that is redriven and given up again is a dead letter again, and no other listener handles it", async () => {
    const { app, runs, idle } = await twoListeners("CloudEvents");
    await app.send(orders.placed, { n: 1 });
    const letters = app.deadLetters(orders);
    await expect.poll(async () => (await letters.peek()).length, patient).toBe(1);
    const [first] = await letters.peek();
    if (first === undefined) throw new Error("no letter");
    await letters.redrive(first);
    await expect.poll(() => runs.audit, patient).toBe(2);
    await idle();
    const [again, ...more] = await letters.peek();
    expect([again?.id, more]).toEqual([first.id, []]);
    expect(again?.sequenceNumber).not.toBe(first.sequenceNumber);
    expect(runs).toEqual({ audit: 2, other: 1 });
  });

  it("stays where it is when it cannot be sent to its listener alone: the Event Grid schema cannot say so", async () => {
    const { app, runs, idle } = await twoListeners("Event Grid");
    await app.send(orders.placed, { n: 1 });
    const letters = app.deadLetters(orders);
    await expect.poll(async () => (await letters.peek()).length, patient).toBe(1);
    const [letter] = await letters.peek();
    if (letter === undefined) throw new Error("no letter");
    const refusal = {
      code: "invalidMessage",
      message: expect.stringContaining("for one listener alone") as string,
    };
    await expect(letters.redrive(letter)).rejects.toMatchObject(refusal);
    await expect(letters.redrive(letter, { edit: () => ({ n: 2 }) })).rejects.toMatchObject(refusal);
    await idle();
    expect(await letters.peek()).toEqual([letter]);
    expect(runs).toEqual({ audit: 1, other: 1 });
  });
});
