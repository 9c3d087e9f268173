import { randomBytes } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { startEchoServer } from "./echo-server.js";
import type { EchoServer } from "./echo-server.js";
import { connectRhea, event, openReceiver, openSender } from "./rhea-client.js";

let server: EchoServer | undefined;

afterEach(async () => {
  await server?.close();
  expect(server?.errors ?? []).toEqual([]);
  server = undefined;
});

describe("a client of rhea's", () => {
  it("sends and receives, and hears the outcomes", async () => {
    server = await startEchoServer();
    const connection = await connectRhea(server.port);
    const sender = await openSender(connection, "a");
    sender.send({ body: "hello" });
    await event(sender, "accepted");
    const receiver = await openReceiver(connection, "a");
    receiver.add_credit(1);
    const { message, delivery } = await event(receiver, "message");
    expect(message?.body).toBe("hello");
    delivery?.accept();
    await server.logged("accepted settled");
    connection.close();
    await event(connection, "connection_close");
  });

  it("sends and receives messages of many frames", async () => {
    server = await startEchoServer();
    const connection = await connectRhea(server.port, { max_frame_size: 600 });
    const body = randomBytes(300_000);
    const sender = await openSender(connection, "a");
    sender.send({ body });
    await event(sender, "accepted");
    const receiver = await openReceiver(connection, "a");
    receiver.add_credit(1);
    const { message } = await event(receiver, "message");
    expect(body.equals(message?.body as Buffer)).toBe(true);
  });

  it("is refused with an attach and a closing detach", async () => {
    server = await startEchoServer();
    const connection = await connectRhea(server.port);
    const receiver = connection.open_receiver("missing");
    await event(receiver, "receiver_error");
    expect(receiver.error).toMatchObject({ condition: "amqp:not-found", description: "not here" });
    const sender = connection.open_sender("missing");
    await event(sender, "sender_error");
    expect(sender.error).toMatchObject({ condition: "amqp:not-found" });
  });

  it("gets an answer to a drain with and without messages", async () => {
    server = await startEchoServer();
    const connection = await connectRhea(server.port);
    const receiver = await openReceiver(connection, "a");
    receiver.add_credit(10);
    for (let round = 0; round < 3; round++) {
      const drained = event(receiver, "receiver_drained");
      receiver.drain_credit();
      await drained;
    }
  });

  it("sees its link's end when it closes link, session or connection", async () => {
    server = await startEchoServer();
    const connection = await connectRhea(server.port);
    const receiver = await openReceiver(connection, "a", { name: "one" });
    receiver.close();
    await event(receiver, "receiver_close");
    await server.logged("detached one");
    const session = connection.create_session();
    session.begin();
    session.open_receiver({ source: "a", name: "two" });
    await event(connection, "receiver_open");
    session.close();
    await event(session, "session_close");
    await server.logged("detached two");
    await openReceiver(connection, "a", { name: "three" });
    connection.close();
    await server.logged("detached three");
    await server.logged(`closed ${connection.options.container_id ?? ""}`);
  });
});
