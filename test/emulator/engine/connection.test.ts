import { afterEach, describe, expect, it } from "vitest";
import { uint } from "../../../tools/emulator/amqp/engine/codec.js";
import type {
  Connection,
  ConnectionHandler,
  LinkRequest,
} from "../../../tools/emulator/amqp/engine/engine.js";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { RawPeer, code, conditionOf } from "./raw-peer.js";
import { connectRhea, event, openSender } from "./rhea-client.js";

let server: EchoServer;

afterEach(async () => {
  await server.close();
});

describe("a connection", () => {
  it("is kept alive by heartbeats, as the peer wants it", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port, { fields: ["raw", null, null, null, uint(100)] });
    await peer.until(() => peer.heartbeats >= 3);
  });

  it("tells half of its own patience, and closes when the peer is silent for longer", async () => {
    server = await startEchoServer({ limits: { idleMs: 100 } });
    const peer = await RawPeer.connect(server.port);
    peer.socket.write(Buffer.from("AMQP\0\x01\0\0", "latin1"));
    peer.send(0, code.open, ["raw"]);
    expect((await peer.next(code.open)).fields[4]).toBe(50);
    expect(conditionOf((await peer.next(code.close)).fields[0])).toBe("amqp:resource-limit-exceeded");
    await peer.closed;
    await server.logged("closed raw");
  });

  it("tells its links when the socket is closed without a word", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "mine");
    await peer.next(code.attach);
    peer.socket.destroy();
    await server.logged("closed raw");
    expect(server.log).toEqual(["detached mine", "closed raw"]);
    expect(server.connections()).toEqual([]);
  });

  it("tells its links when the peer half-closes the socket", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.attachReceiver(0, "a", "mine");
    await peer.next(code.attach);
    peer.socket.end();
    await server.logged("closed raw");
    await peer.closed;
  });

  it("that we close or cut ends, though the peer never answers, and is told of in the next turn", async () => {
    const actions: ((connection: Connection) => void)[] = [
      (connection) => connection.close({ condition: "amqp:connection:forced", description: "enough" }),
      (connection) => connection.cut(),
    ];
    server = await startEchoServer({}, (connection, echo) => ({
      ...echo,
      attach(request) {
        echo.attach(request);
        const before = server.log.length;
        actions.shift()?.(connection);
        expect(server.log).toHaveLength(before);
      },
    }));
    const closed = await RawPeer.open(server.port);
    closed.attachReceiver(0, "a", "one");
    expect(conditionOf((await closed.next(code.close)).fields[0])).toBe("amqp:connection:forced");
    await server.logged("detached one");
    await closed.closed;
    const cut = await RawPeer.open(server.port);
    cut.attachReceiver(0, "a", "two");
    await cut.closed;
    await server.logged("detached two");
    expect(server.errors).toEqual([]);
  });

  it("answers a close, and needs nothing after it", async () => {
    server = await startEchoServer();
    const peer = await RawPeer.open(server.port);
    peer.send(0, code.close, []);
    peer.socket.write("garbage behind the close");
    expect((await peer.next(code.close)).fields).toEqual([null]);
    await peer.closed;
    expect(server.errors).toEqual([]);
  });

  it("is closed with the server, whose own end does not depend on the peer", async () => {
    server = await startEchoServer();
    const polite = await connectRhea(server.port);
    const rude = await RawPeer.open(server.port);
    rude.socket.pause();
    const half = await RawPeer.connect(server.port);
    const gone = event(polite, "connection_error");
    await server.close();
    await gone;
    await Promise.all([half.closed, new Promise((resolve) => rude.socket.resume().once("close", resolve))]);
  });

  it.each(["open", "attach", "message", "flow", "disposition", "detached", "closed"])(
    "is closed with an internal error when our own handler of %s throws; others are served",
    async (where) => {
      server = await startEchoServer({}, (connection, echo) =>
        connection.containerId === "raw" ? throwing(where, echo) : echo,
      );
      const peer = await RawPeer.open(server.port, { begin: false });
      peer.begin(0);
      peer.attachSender(0, "a");
      peer.transfer(0, 0, Buffer.of(1));
      peer.attachReceiver(1, "a");
      peer.credit(1, 1);
      if (where === "disposition") await peer.next(code.transfer);
      peer.send(0, code.disposition, [true, uint(0), uint(0), true]);
      if (where === "detached") peer.send(0, code.detach, [uint(1), true]);
      if (where === "closed") peer.send(0, code.close, []);
      const close = await peer.next(code.close);
      if (where !== "closed") expect(conditionOf(close.fields[0])).toBe("amqp:internal-error");
      await peer.closed;
      expect(server.errors).toEqual([new Error(where)]);
      const client = await connectRhea(server.port);
      const sender = await openSender(client, "b");
      sender.send({ body: "still here" });
      await event(sender, "accepted");
    },
  );
});

/** A service that throws when it is called for this. */
function throwing(where: string, echo: ConnectionHandler): ConnectionHandler {
  const fail = (name: string): void => {
    if (name === where) throw new Error(where);
  };
  fail("open");
  return {
    attach(request: LinkRequest) {
      fail("attach");
      if (request.role === "receiver") {
        const receiver = { message: () => fail("message"), detached: () => undefined };
        return request.acceptAsReceiver(receiver).grant(10);
      }
      request.acceptAsSender({
        flow(link) {
          fail("flow");
          if (link.credit > 0) link.send({ payload: [Buffer.of(1)], tag: Buffer.of(1), settled: false });
        },
        disposition: () => fail("disposition"),
        detached: () => fail("detached"),
      });
    },
    closed() {
      fail("closed");
      echo.closed();
    },
  };
}
