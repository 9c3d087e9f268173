import { AzureKeyCredential, EventGridSenderClient } from "@azure/eventgrid-namespaces";
import { EventGridPublisherClient } from "@azure/eventgrid";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventGrid } from "../../adapters/event-grid/index.js";
import { memoryPark } from "../../adapters/memory/index.js";
import { manage, untilState } from "../emulator/http/management-client.js";
import { consenting, startWebHook } from "../emulator/http/web-hook.js";
import {
  accessKey,
  channel,
  connected,
  envelope,
  factories,
  insecure,
  options,
  source,
  startGrid,
} from "./grid.js";

const destination = (address: string) => ({ channel, address });

describe("publishing to a topic of a namespace", () => {
  it("carries everything that an envelope says, which the client by itself does not", async () => {
    const { transport } = await startGrid();
    const connection = await connected(transport);
    const sent = envelope(1, {
      headers: { shop: "north", count: 3 },
      extensions: { theirs: "kept" },
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      body: Buffer.from('{ "big": 12345678901234567890, "\\u00e9": [1,2] }'),
    });
    expect(await connection.sender(destination("orders")).send([{ envelope: sent }])).toEqual([{ ok: true }]);
    const [came] = await connection.receiver(source(), options).receive(10, new AbortController().signal);
    expect(came?.envelope).toMatchObject({
      headers: sent.headers,
      extensions: sent.extensions,
      traceparent: sent.traceparent,
      version: 1,
    });
    expect(Buffer.from(came?.envelope.body ?? []).toString()).toBe(Buffer.from(sent.body).toString());
  });

  it("puts as many events in a request as it takes, and tells of each how it fared", async () => {
    const { transport, stage } = await startGrid();
    const sizes: number[] = [];
    const { notifier } = stage.namespace;
    const publish = notifier.publish.bind(notifier);
    notifier.publish = (topic, request) => {
      sizes.push((JSON.parse(Buffer.from(request.body).toString()) as unknown[]).length);
      return publish(topic, request);
    };
    const sender = (await connected(transport)).sender(destination("orders"));
    const many = Array.from({ length: 2_500 }, (_, n) => ({ envelope: envelope(n) }));
    expect((await sender.send(many)).every(({ ok }) => ok)).toBe(true);
    expect(sizes).toEqual([1_000, 1_000, 500]);
    sizes.length = 0;
    const text = "x".repeat(400_000);
    const large = [1, 2, 3].map((n) => ({
      envelope: envelope(n, { body: Buffer.from(JSON.stringify({ text })) }),
    }));
    expect((await sender.send(large)).every(({ ok }) => ok)).toBe(true);
    expect(sizes).toEqual([2, 1]);
    const huge = { envelope: envelope(9, { body: Buffer.alloc(1_100_000, "1") }) };
    const results = await sender.send([large[0]!, huge, large[1]!]);
    expect(results.map((result) => (result.ok ? "ok" : result.error.code))).toEqual(["ok", "tooLarge", "ok"]);
  });

  it("tells the members of a refused batch, and does not try the batch behind it", async () => {
    const { transport } = await startGrid();
    const sender = (await connected(transport)).sender(destination("orders"));
    const bad = { envelope: envelope(0, { type: "" }) };
    const many = Array.from({ length: 1_500 }, (_, n) => ({ envelope: envelope(n + 1) }));
    const results = await sender.send([bad, ...many]);
    expect(results[0]).toMatchObject({ ok: false, batch: 0, error: { code: "invalidMessage" } });
    expect(results[999]).toMatchObject({ ok: false, batch: 0 });
    expect(results[1_000]).toMatchObject({ ok: false, unsent: true });
  });

  it("sends nothing through a client that was made without clientOptions, and says what to change", async () => {
    const { stage } = await startGrid();
    const sender = (topic: string) =>
      new EventGridSenderClient(stage.origin, new AzureKeyCredential(accessKey), topic, {
        allowInsecureConnection: true,
      });
    const connection = await connected(eventGrid({ ...factories(stage), sender, deadLetters: memoryPark() }));
    const [result] = await connection.sender(destination("orders")).send([{ envelope: envelope(1) }]);
    expect(result).toMatchObject({ ok: false, error: { code: "invalidOption" } });
    expect(stage.namespace.notifier.subscriptions("orders")[0]).toMatchObject({ counts: { ready: 0 } });
  });

  it("asks for a new client when its credentials are refused, once", async () => {
    const { stage } = await startGrid();
    const keys = ["b2xk", accessKey];
    const made: string[] = [];
    const sender = (topic: string) => {
      const key = keys[made.length] ?? "";
      made.push(key);
      return factories(stage, key).sender(topic);
    };
    const connection = await connected(eventGrid({ sender, deadLetters: memoryPark() }));
    expect(await connection.sender(destination("orders")).send([{ envelope: envelope(1) }])).toEqual([
      { ok: true },
    ]);
    expect(made).toEqual(keys);
  });
});

describe("publishing to a custom topic", () => {
  async function custom(inputSchema: "CloudEventSchemaV1_0" | "EventGridSchema") {
    const { stage } = await startGrid();
    await manage(stage, "PUT", "topics/custom", { kind: "custom", properties: { inputSchema } });
    const hook = await startWebHook(consenting(() => ({})));
    const path = "topics/custom/eventsubscriptions/hook";
    await manage(stage, "PUT", path, {
      properties: { destination: { endpointType: "WebHook", properties: { endpointUrl: hook.url } } },
    });
    await untilState(stage, path, "Succeeded");
    await hook.next();
    return {
      stage,
      hook,
      url: `${stage.origin}/custom/api/events`,
      credential: new AzureKeyCredential(accessKey),
    };
  }

  it("carries a CloudEvent as it is, also one whose data is a list", async () => {
    const { hook, url, credential } = await custom("CloudEventSchemaV1_0");
    const sender = () => new EventGridPublisherClient(url, "CloudEvent", credential, insecure);
    const connection = await connected(eventGrid({ sender, deadLetters: memoryPark() }));
    const sent = envelope(1, { headers: { shop: "north" }, body: Buffer.from("[1,2]") });
    expect(await connection.sender(destination("custom")).send([{ envelope: sent }])).toEqual([{ ok: true }]);
    const { body } = await hook.next();
    expect(JSON.parse(body)).toMatchObject({
      id: "e1",
      data: [1, 2],
      wbversion: 1,
      wbheaders: '{"shop":"north"}',
    });
  });

  it("spells the Event Grid schema where a topic takes no other, and refuses what that cannot carry", async () => {
    const { hook, url, credential } = await custom("EventGridSchema");
    const client = new EventGridPublisherClient(url, "EventGrid", credential, insecure);
    const sender = () => ({ schema: "EventGrid", client }) as const;
    const connection = await connected(eventGrid({ sender, deadLetters: memoryPark() }));
    const results = await connection
      .sender(destination("custom"))
      .send([
        { envelope: envelope(1, { key: "orders/1", time: "2026-01-02T03:04:05Z" }) },
        { envelope: envelope(2, { headers: { shop: "north" } }) },
        { envelope: envelope(3, { body: Buffer.from([255]) }) },
        { envelope: envelope(4, { dataRef: "2026-01-15/0123456789abcdef" }) },
      ]);
    expect(results.map((result) => (result.ok ? "ok" : result.error.code))).toEqual([
      "ok",
      "invalidMessage",
      "invalidMessage",
      "invalidMessage",
    ]);
    expect(JSON.parse((await hook.next()).body)).toMatchObject([
      {
        id: "e1",
        eventType: "shop.order-placed",
        subject: "orders/1",
        eventTime: "2026-01-02T03:04:05Z",
        dataVersion: "1",
        data: { n: 1 },
      },
    ]);
  });
});

describe("publishing to a domain", () => {
  /** What a domain's endpoint gets: the emulator has topics only. */
  async function startDomain() {
    const posted: { readonly path: string; readonly events: readonly Record<string, unknown>[] }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const events = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>[];
        posted.push({ path: new URL(request.url ?? "", "http://domain").pathname, events });
        response.writeHead(200).end();
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    return { posted, endpoint: `http://127.0.0.1:${String(port)}/api/events` };
  }

  it("names the topic in each event of the Event Grid schema", async () => {
    const { posted, endpoint } = await startDomain();
    const client = new EventGridPublisherClient(
      endpoint,
      "EventGrid",
      new AzureKeyCredential(accessKey),
      insecure,
    );
    const transport = eventGrid({
      sender: (domainTopic) => ({ schema: "EventGrid", client, domainTopic }),
      deadLetters: memoryPark(),
    });
    const sender = (await connected(transport)).sender(destination("orders-north"));
    expect(await sender.send([{ envelope: envelope(1) }])).toEqual([{ ok: true }]);
    expect(posted).toMatchObject([
      { path: "/api/events", events: [{ topic: "orders-north", id: envelope(1).id, data: { n: 1 } }] },
    ]);
  });

  it("in CloudEvents goes by the source, which is the service that sends", async () => {
    const { posted, endpoint } = await startDomain();
    const client = new EventGridPublisherClient(
      endpoint,
      "CloudEvent",
      new AzureKeyCredential(accessKey),
      insecure,
    );
    const transport = eventGrid({ sender: () => client, deadLetters: memoryPark() });
    const sender = (await connected(transport)).sender(destination("orders"));
    expect(await sender.send([{ envelope: envelope(1) }])).toEqual([{ ok: true }]);
    expect(posted).toMatchObject([{ events: [{ source: envelope(1).source, id: envelope(1).id }] }]);
  });
});
