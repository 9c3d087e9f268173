import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { startStage, type Stage } from "./fixtures.js";

/** Sends these bytes and resolves with everything that comes back until the server ends the connection. */
async function raw({ server }: Stage, bytes: string): Promise<string> {
  const socket = connect(server.port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  socket.write(bytes);
  return text(socket);
}

const queue = "<entry xmlns='http://www.w3.org/2005/Atom'><content><QueueDescription/></content></entry>";

describe("GET /health", () => {
  it("answers as Microsoft's emulators do while all is well", async () => {
    const { origin } = await startStage();
    const response = await fetch(`${origin}/health`);
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "healthy", message: "Service is healthy." });
  });

  it("says what is wrong, with 503", async () => {
    const { origin } = await startStage({ health: () => ["AMQP does not accept connections."] });
    const response = await fetch(`${origin}/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ problems: ["AMQP does not accept connections."] });
  });

  it("takes a check that fails for a problem", async () => {
    const health = (): never => {
      throw new Error("the engines are gone");
    };
    const response = await fetch(`${(await startStage({ health })).origin}/health`);
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/the engines are gone/);
  });

  it("leaves the name to a queue that is called so", async () => {
    const { origin } = await startStage();
    const url = `${origin}/health?api-version=2021-05`;
    expect((await fetch(url, { method: "PUT", body: queue })).status).toBe(201);
    expect(await (await fetch(url)).text()).toMatch(/<title type="text">health<\/title>/);
  });
});

describe("bounds on requests", () => {
  it("refuses a body that is announced too large, and goes on serving", async () => {
    const stage = await startStage({ limits: { maxAdministrationBytes: 1_000 } });
    const response = await fetch(`${stage.origin}/orders`, { method: "PUT", body: "x".repeat(100_000) });
    expect(response.status).toBe(413);
    expect((await fetch(`${stage.origin}/health`)).status).toBe(200);
  });

  it("refuses a body that turns out too large", async () => {
    const stage = await startStage({ limits: { maxAdministrationBytes: 1_000 } });
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${stage.origin}/orders`, { method: "PUT" }, (response) => {
        resolve(response.statusCode);
        request.destroy();
      });
      request.on("error", reject);
      request.write("x".repeat(500));
      request.end("x".repeat(2_000));
    });
    expect(status).toBe(413);
  });

  it("takes a body in chunks", async () => {
    const stage = await startStage();
    const chunks = `${queue.length.toString(16)}\r\n${queue}\r\n0\r\n\r\n`;
    const head =
      "PUT /orders HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
    expect(await raw(stage, head + chunks)).toMatch(/^HTTP\/1.1 201/);
    expect(stage.namespace.kindOf("orders")).toBe("queue");
  });

  it("refuses too many and too large headers", async () => {
    const stage = await startStage({ limits: { maxHeaders: 20, maxHeaderBytes: 4_096 } });
    const many = Array.from({ length: 30 }, (_, index) => `x-${index}: a\r\n`).join("");
    const start = "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
    expect(await raw(stage, `${start}${many}\r\n`)).toMatch(/^HTTP\/1.1 431/);
    expect(await raw(stage, `${start}x: ${"a".repeat(5_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
  });

  it("ends a request that never becomes whole, a connection that says nothing, and one that talks nonsense", async () => {
    const stage = await startStage({ limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const slowBody = "PUT /orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n<entry";
    const answers = await Promise.all([
      raw(stage, slowBody),
      raw(stage, "GET /he"),
      raw(stage, ""),
      raw(stage, "AMQP\0\0\0\0"),
    ]);
    expect(answers[0]).toMatch(/^HTTP\/1.1 408/);
    expect(answers[1]).toMatch(/^HTTP\/1.1 408/);
    expect(answers[2]).toBe("");
    expect(answers[3]).toMatch(/^HTTP\/1.1 400/);
    expect((await fetch(`${stage.origin}/health`)).status).toBe(200);
  });

  it("closes connections above its number, and has room again when others end", async () => {
    const stage = await startStage({ limits: { maxConnections: 2 } });
    const sockets = await Promise.all(
      [1, 2].map(
        () =>
          new Promise<ReturnType<typeof connect>>((resolve) => {
            const socket = connect(stage.server.port, "127.0.0.1", () => {
              resolve(socket);
            });
          }),
      ),
    );
    // Whether it ends or is reset depends on how far the request had got.
    const refused = raw(stage, "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").catch(() => "");
    expect(await refused).toBe("");
    const ended = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
    for (const socket of sockets) socket.end();
    await Promise.all(ended);
    expect((await fetch(`${stage.origin}/health`)).status).toBe(200);
  });
});

describe("documents that are bombs, or none", () => {
  const entity = `<!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><entry><content><Q>&b;</Q></content></entry>`;

  it.each([
    ["an entity bomb", entity],
    ["deep nesting", "<a>".repeat(20_000)],
    ["elements that are not closed", "<entry><content><QueueDescription>"],
    ["elements that are closed in the wrong order", "<entry><content></entry></content>"],
    ["a great many elements", `<entry>${"<a/>".repeat(20_000)}</entry>`],
    ["names that mean something to JavaScript", "<entry><content><__proto__/></content></entry>"],
    ["another element", "<entry><content><PizzaDescription/></content></entry>"],
    ["an entry without content", "<entry/>"],
    ["no XML", "{}"],
    ["nothing", ""],
  ])("are refused: %s", async (_what, body) => {
    const { origin, namespace } = await startStage();
    const response = await fetch(`${origin}/orders?api-version=2021-05`, { method: "PUT", body });
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^<Error><Code>400<\/Code><Detail>/);
    expect(namespace.kindOf("orders")).toBeUndefined();
  });

  it("takes prefixes, comments and character data as XML has them", async () => {
    const { origin, namespace } = await startStage();
    const body = `<?xml version="1.0"?><!-- hello --><a:entry xmlns:a="http://www.w3.org/2005/Atom"><a:content>
      <s:QueueDescription xmlns:s="x"><s:UserMetadata><![CDATA[<b>]]> &#x41;&amp;</s:UserMetadata></s:QueueDescription>
    </a:content></a:entry>`;
    const response = await fetch(`${origin}/orders?api-version=2021-05`, { method: "PUT", body });
    expect(response.status).toBe(201);
    expect(namespace.broker.getQueue("orders").annotations).toEqual({ UserMetadata: "<b> A&" });
  });
});

describe("what leads nowhere", () => {
  it.each([
    ["GET", "/$unknown", 400],
    ["GET", "/$Resources/pizzas", 400],
    ["GET", "/t/Subscriptions/s/Rules/r/more", 400],
    ["POST", "/orders", 400],
    ["GET", "/$Resources/queues?$top=-1", 400],
    ["GET", "/%", 200],
    ["GET", "/", 200],
  ])("%s %s is answered with %i", async (method, path, status) => {
    const { origin } = await startStage();
    expect((await fetch(origin + path, { method })).status).toBe(status);
  });
});

describe("event hubs over the administration API", () => {
  it("creates, shows, lists, changes and deletes hubs and consumer groups", async () => {
    const { origin, namespace } = await startStage();
    const call = async (method: string, path: string, inner = "", headers = {}): Promise<string> => {
      const body = inner === "" ? undefined : `<entry><content>${inner}</content></entry>`;
      const response = await fetch(`${origin}/${path}?api-version=2014-01`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      return `${response.status} ${await response.text()}`;
    };
    const description = (days: number): string =>
      `<EventHubDescription><MessageRetentionInDays>${days}</MessageRetentionInDays><PartitionCount>2</PartitionCount></EventHubDescription>`;
    expect(await call("PUT", "events", description(1))).toMatch(/^201 .*<PartitionCount>2</);
    expect(await call("PUT", "events", description(1))).toMatch(/^409/);
    expect(await call("PUT", "events", description(3), { "if-match": "*" })).toMatch(/^200/);
    expect(namespace.streams.hubProperties("events").retentionMs).toBe(3 * 24 * 3_600_000);
    expect(await call("PUT", "events/consumergroups/g", "<ConsumerGroupDescription/>")).toMatch(/^201/);
    expect(await call("GET", "events/consumergroups")).toMatch(/>\$Default<.*>g</);
    expect(await call("GET", "events/consumergroups/none")).toMatch(/^404/);
    expect(await call("DELETE", "events/consumergroups/$Default")).toMatch(/^400/);
    expect(await call("DELETE", "events/consumergroups/g")).toMatch(/^200/);
    expect(await call("GET", "$Resources/EventHubs")).toMatch(/>events</);
    expect(await call("DELETE", "events")).toMatch(/^200/);
    expect(namespace.hubs()).toEqual([]);
  });
});
