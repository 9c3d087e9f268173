import { app as functionsApp, HttpRequest, HttpResponse, type HttpResponseInit } from "@azure/functions";
import { getRequestListener, serve, type ServerType } from "@hono/node-server";
import { EventGridPublisherClient } from "@azure/eventgrid";
import { AzureKeyCredential } from "@azure/eventgrid-namespaces";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  eventGrid,
  eventGridHandler,
  sharedSecret,
  type EventGridHandler,
} from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { run, service } from "../../src/index.js";
import { startStage, type Stage } from "../emulator/http/fixtures.js";
import { manage, untilState } from "../emulator/http/management-client.js";
import { accessKey, insecure, orders } from "./grid.js";

/** The machine may be busy. */
const patient = { timeout: 30_000 };

const secret = "the secret of the hook";

/** Mounts a handler in a host, and answers with its port. */
type Mount = (hook: EventGridHandler) => Promise<number>;

const portOf = (server: { address(): AddressInfo | string | null }): number =>
  (server.address() as AddressInfo).port;

const listening = (server: ServerType): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve(portOf(server));
    });
    onTestFinished(() => {
      if ("closeAllConnections" in server) server.closeAllConnections();
      server.close();
    });
  });

/** As Node's own server and Express call it. */
function listenerOf(hook: EventGridHandler): RequestListener {
  const listener = getRequestListener(hook);
  return (incoming, outgoing) => void listener(incoming, outgoing);
}

/** The handler of a function, as it is told to `app.http`. */
function functionOf(hook: EventGridHandler): (request: HttpRequest) => Promise<HttpResponseInit> {
  return async (request) => {
    const { status, headers, body } = await hook(request as unknown as Request);
    return { status, headers, ...(body === null ? {} : { body }) };
  };
}

const hosts: Readonly<Record<string, Mount>> = {
  "Node's http": (hook) => listening(createServer(listenerOf(hook))),

  Hono: (hook) => {
    const app = new Hono();
    app.on(["POST", "OPTIONS"], "/events", (c) => hook(c.req.raw));
    return new Promise((resolve) => {
      const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
        resolve(port);
      });
      onTestFinished(() => {
        server.close();
      });
    });
  },

  Express: (hook) => {
    const app = express();
    // Before any parser of bodies: the handler reads the body itself.
    app.all("/events", listenerOf(hook));
    return listening(createServer(app));
  },

  Fastify: async (hook) => {
    const app = fastify();
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (_request, _payload, done) => {
      done(null);
    });
    const listener = getRequestListener(hook);
    app.route({
      method: ["POST", "OPTIONS"],
      url: "/events",
      handler: async ({ raw }, reply) => {
        reply.hijack();
        await listener(raw, reply.raw);
      },
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(async () => {
      app.server.closeAllConnections();
      await app.close();
    });
    return portOf(app.server);
  },

  "Azure Functions": (hook) => {
    const handler = functionOf(hook);
    // What the Functions host does: it makes their request of the one that came, and an answer of what they return.
    return listening(
      createServer((incoming, outgoing) => {
        const answer = async (): Promise<void> => {
          const answered = new HttpResponse(await handler(await functionRequest(incoming)));
          outgoing.writeHead(answered.status, Object.fromEntries(answered.headers));
          outgoing.end(Buffer.from(await answered.arrayBuffer()));
        };
        void answer();
      }),
    );
  },
};

async function functionRequest(incoming: IncomingMessage): Promise<HttpRequest> {
  const bytes = Buffer.concat((await incoming.toArray()) as Buffer[]);
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return new HttpRequest({
    method: incoming.method ?? "",
    url: `http://${incoming.headers.host ?? ""}${incoming.url ?? ""}`,
    headers: Object.fromEntries(headers) as Record<string, string>,
    ...(bytes.length === 0 ? {} : { body: { bytes } }),
  });
}

/** A service that listens to the topic `orders`, to which `hook` is subscribed. */
async function subscribed(stage: Stage, mount: Mount, handle: (n: number, attempt: number) => void) {
  const hook = eventGridHandler({ authenticate: sharedSecret(() => [secret]) });
  const endpointUrl = `http://127.0.0.1:${await mount(hook)}/events?code=${encodeURIComponent(secret)}`;
  await manage(stage, "PUT", "topics/orders", {
    kind: "custom",
    properties: { inputSchema: "CloudEventSchemaV1_0" },
  });
  const audit = service("audit").listen(
    orders,
    {
      placed: ({ data }, { attempt }) => {
        handle(data.n, attempt);
      },
    },
    { retry: { attempts: 2, backoff: () => 1_000 } },
  );
  const app = await run(audit.sends(orders), {
    transport: eventGrid({
      sender: (topic) =>
        new EventGridPublisherClient(
          `${stage.origin}/${topic}/api/events`,
          "CloudEvent",
          new AzureKeyCredential(accessKey),
          insecure,
        ),
      receiver: () => hook,
      deadLetters: memoryPark(),
    }),
  });
  onTestFinished(async () => {
    await app.stop();
  });
  const path = "topics/orders/eventsubscriptions/audit";
  await manage(stage, "PUT", path, {
    properties: {
      destination: { endpointType: "WebHook", properties: { endpointUrl, maxEventsPerBatch: 10 } },
    },
  });
  await untilState(stage, path, "Succeeded");
  return { app, hook, path };
}

describe("a webhook that Event Grid pushes to", () => {
  it.each(Object.entries(hosts))("handles what is published, mounted in %s", async (_host, mount) => {
    const stage = await startStage({ eventGridKeys: [accessKey] });
    const seen: number[] = [];
    const { app, path } = await subscribed(stage, mount, (n) => void seen.push(n));
    for (const n of [1, 2]) await app.send(orders.placed, { n });
    await expect.poll(() => [...seen].sort(), patient).toEqual([1, 2]);
    await expect
      .poll(() => manage(stage, "GET", path), patient)
      .toMatchObject({ body: { emulator: { events: { pending: 0 } } } });
  });

  it("is told again of what failed, and keeps what was given up as a dead letter", async () => {
    const stage = await startStage({ eventGridKeys: [accessKey], frozen: true });
    const attempts: number[] = [];
    const mount = hosts["Hono"] as Mount;
    const { app, path } = await subscribed(stage, mount, (_n, attempt) => {
      attempts.push(attempt);
      throw new Error("not now");
    });
    await stage.answered();
    await app.send(orders.placed, { n: 1 });
    await stage.answered();
    // After a 503 Event Grid waits for half a minute at least.
    expect([attempts, stage.dueIn()]).toEqual([[1], 30_000]);
    stage.clock.advance(30_000);
    await stage.answered();
    expect(attempts).toEqual([1, 2]);
    const { body } = await manage(stage, "GET", path);
    expect(body).toMatchObject({ emulator: { events: { pending: 0 } } });
    const letters = await app.deadLetters(orders).peek();
    expect(letters).toMatchObject([{ reason: "MaxAttempts", attempts: 2, data: { n: 1 } }]);
  });

  it("is mounted in Azure Functions", async () => {
    const asking = new HttpRequest({
      method: "OPTIONS",
      url: "https://functions.example/api/events",
      headers: { "webhook-request-origin": "eventgrid.azure.net" },
    });
    const hook = eventGridHandler({ authenticate: "nobody else can" });
    const handler = functionOf(hook);
    functionsApp.http("events", { methods: ["POST", "OPTIONS"], authLevel: "anonymous", handler });
    const { status, headers } = await handler(asking);
    expect([status, new Headers(headers as Headers).get("webhook-allowed-origin")]).toEqual([
      200,
      "eventgrid.azure.net",
    ]);
    const event = { specversion: "1.0", id: "a", source: "shop", type: "t" };
    const posted = new HttpRequest({
      method: "POST",
      url: "https://functions.example/api/events",
      headers: { "content-type": "application/cloudevents+json" },
      body: { string: JSON.stringify(event) },
    });
    // Nobody listens, so it is to come later.
    expect((await handler(posted)).status).toBe(503);
  });
});
