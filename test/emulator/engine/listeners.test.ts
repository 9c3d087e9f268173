import { once } from "node:events";
import { connect } from "node:net";
import { generate } from "selfsigned";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import rhea from "rhea";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, amqpHeader, code, saslHeader, saslInit } from "./raw-peer.js";
import { connectRhea, event, openSender } from "./rhea-client.js";

let server: EchoServer;
let tls: { readonly cert: string; readonly key: string };

beforeAll(async () => {
  const { cert, private: key } = await generate([{ name: "commonName", value: "localhost" }]);
  tls = { cert, key };
});

afterEach(async () => {
  await server.close();
  expect(server.errors).toEqual([]);
});

/** What the SDKs have their client connect to. */
function overWebSockets(base: string): object {
  class Socket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols, { rejectUnauthorized: false });
    }
  }
  const connectTo = rhea.websocket_connect(Socket as never);
  return { connection_details: connectTo(`${base}/$servicebus/websocket`, ["AMQPWSB10"], {}) };
}

describe("the one port", () => {
  it.each([
    ["plain AMQP", () => ({})],
    ["TLS", () => ({ transport: "tls", servername: "localhost", rejectUnauthorized: false })],
    ["WebSockets", (port: number) => overWebSockets(`ws://127.0.0.1:${port}`)],
    ["WebSockets over TLS", (port: number) => overWebSockets(`wss://127.0.0.1:${port}`)],
  ])("speaks %s", async (_, options) => {
    server = await startEchoServer({ tls });
    const connection = await connectRhea(server.port, options(server.port));
    const sender = await openSender(connection, "a");
    sender.send({ body: Buffer.alloc(200_000) });
    await event(sender, "accepted");
    expect(server.connections()).toHaveLength(1);
    connection.close();
    await event(connection, "connection_close");
    expect(server.connections()).toEqual([]);
  });

  it("answers a request of HTTP that is no upgrade, and hangs up", async () => {
    server = await startEchoServer();
    const response = await fetch(`http://127.0.0.1:${server.port}/`);
    expect(response.status).toBe(426);
    const upgrade = new WebSocket(`ws://127.0.0.1:${server.port}/elsewhere`);
    const [error] = (await once(upgrade, "error")) as [Error];
    expect(error.message).toContain("404");
  });

  it("takes a peer that skips SASL", async () => {
    server = await startEchoServer();
    await RawPeer.open(server.port);
    expect(server.connections()[0]).toMatchObject({ containerId: "raw", credentials: undefined });
  });

  it.each([
    ["ANONYMOUS", undefined, { mechanism: "ANONYMOUS" }],
    ["EXTERNAL", undefined, { mechanism: "EXTERNAL" }],
    ["MSSBCBS", undefined, { mechanism: "MSSBCBS" }],
    ["PLAIN", "\0root\0secret", { mechanism: "PLAIN", user: "root", password: "secret" }],
  ])("takes a peer by %s, byte by byte", async (mechanism, response, credentials) => {
    server = await startEchoServer();
    const peer = await RawPeer.connect(server.port);
    const bytes = Buffer.concat([saslHeader, saslInit(mechanism, response), amqpHeader]);
    for (const byte of bytes) peer.socket.write(Buffer.of(byte));
    const outcome = await peer.next(0x44);
    expect(outcome.fields).toEqual([0]);
    peer.send(0, code.open, ["raw", "host.example"]);
    await peer.next(code.open);
    expect(server.connections()[0]).toMatchObject({ credentials, hostname: "host.example" });
  });

  it.each([
    ["a mechanism that was not offered", saslInit("GSSAPI")],
    ["a broken PLAIN", saslInit("PLAIN", "nobody")],
  ])("refuses %s", async (_, init) => {
    server = await startEchoServer();
    const peer = await RawPeer.connect(server.port);
    peer.socket.write(Buffer.concat([saslHeader, init]));
    expect((await peer.next(0x44)).fields).toEqual([1]);
    await peer.closed;
  });

  it.each([
    ["AMQP 0-9-1", "AMQP\0\0\x09\x01"],
    ["AMQP's own TLS", "AMQP\x02\x01\0\0"],
    ["TLS without a certificate", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
    ["anything else", "hello, world"],
  ])("tells a peer that speaks %s what is spoken here, and hangs up", async (_, bytes) => {
    server = await startEchoServer();
    const peer = await RawPeer.connect(server.port);
    peer.socket.write(bytes, "latin1");
    await peer.closed;
    expect(peer.headers).toEqual([saslHeader]);
  });

  it("cuts peers that do not get to open in time, whatever they began with", async () => {
    server = await startEchoServer({ tls, limits: { handshakeMs: 50 } });
    const { port } = server;
    const starts = ["", "A", "AMQP\x03\x01\0\0", "\x16", "GET / HTTP/1.1\r\n", "AMQP\0\x01\0\0\0\0\0\x10"];
    await Promise.all(
      starts.map(async (start) => {
        const socket = connect(port, "127.0.0.1");
        socket.on("error", () => undefined);
        socket.resume();
        if (start !== "") socket.write(start, "latin1");
        await new Promise((resolve) => socket.once("close", resolve));
      }),
    );
    expect(server.connections()).toEqual([]);
  });

  it("refuses connections beyond its limit", async () => {
    server = await startEchoServer({ limits: { maxConnections: 2 } });
    await RawPeer.open(server.port);
    await RawPeer.open(server.port);
    const third = await RawPeer.connect(server.port);
    await third.closed;
    expect(server.connections()).toHaveLength(2);
  });
});
