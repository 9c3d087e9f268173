import rhea, { type Connection, type Source } from "rhea";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { connectRhea, event } from "../engine/rhea-client.js";
import { startFixture, type Fixture } from "../fixture.js";
import { askAt, asker, putToken } from "./ask.js";

let fixture: Fixture;
let connection: Connection;

beforeEach(async () => {
  fixture = await startFixture();
  fixture.namespace.createHub("sales");
  connection = await connectRhea(fixture.port);
});

afterEach(async () => {
  connection.close();
  await fixture.close();
  expect(fixture.faults).toEqual([]);
});

describe("an answer", () => {
  it("has the status by both of its spellings, and the id of the request", async () => {
    const { ask } = await askAt(connection, "$cbs");
    const answer = await ask("put-token", { message_id: "id-7", ...putToken("sb://ns/sales", "t") });
    expect(answer.correlation_id).toBe("id-7");
    expect(answer.application_properties).toEqual({
      "status-code": 202,
      statusCode: 202,
      "status-description": "Accepted",
      statusDescription: "Accepted",
    });
  });

  it("to a number has that number, as an unsigned one", async () => {
    const { sender, receiver } = await askAt(connection, "$cbs");
    const ask = asker(sender, receiver, "answers");
    const answer = await ask("put-token", {
      message_id: rhea.types.wrap_ulong(77) as unknown as number,
      ...putToken("sb://ns/sales", "t"),
    });
    expect(answer.correlation_id).toBe(77);
  });

  it("goes to the link whose target is named", async () => {
    const receiver = connection.open_receiver({ name: "any", source: "$cbs", target: "my-answers" });
    await event(receiver, "receiver_open");
    const sender = connection.open_sender({ target: "$cbs" });
    await event(sender, "sendable");
    const answer = await asker(sender, receiver, "my-answers")("put-token", putToken("sb://ns/sales", "t"));
    expect(answer.application_properties).toMatchObject({ statusCode: 202 });
  });

  it("goes to the address that was given for a dynamic source", async () => {
    const receiver = connection.open_receiver({ source: { dynamic: true } as Source });
    await event(receiver, "receiver_open");
    const address = (receiver.source as { address?: string }).address;
    expect(address).toMatch(/^reply-/);
    const sender = connection.open_sender({ target: "$management" });
    await event(sender, "sendable");
    const answer = await asker(
      sender,
      receiver,
      address ?? "",
    )("READ", {
      application_properties: { name: "sales", type: "com.microsoft:eventhub" },
    });
    expect(answer.body).toMatchObject({ name: "sales", partition_count: 4 });
  });

  it.each(["$cbs", "$management"])("of %s to an unknown operation names it", async (node) => {
    const { ask } = await askAt(connection, node);
    const answer = await ask("FROBNICATE");
    expect(answer.application_properties).toMatchObject({
      statusCode: 501,
      errorCondition: "amqp:not-implemented",
      statusDescription: expect.stringContaining("'FROBNICATE'") as string,
    });
    expect((await ask(undefined)).application_properties).toMatchObject({
      statusCode: 501,
      statusDescription: expect.stringContaining("no application property 'operation'") as string,
    });
  });
});

describe("a request", () => {
  it("is rejected when there is nowhere to answer", async () => {
    const sender = connection.open_sender({ target: "$cbs" });
    await event(sender, "sendable");
    for (const reply_to of ["nowhere", undefined]) {
      sender.send({ message_id: "m1", body: "t", ...(reply_to === undefined ? {} : { reply_to }) });
      const { delivery } = await event(sender, "rejected");
      expect(delivery?.remote_state).toMatchObject({ error: { condition: "amqp:not-found" } });
    }
  });

  it("is rejected when it is no message", async () => {
    const sender = connection.open_sender({ target: "$cbs" });
    await event(sender, "sendable");
    sender.send(Buffer.from([1, 2, 3]), undefined, 1);
    const { delivery } = await event(sender, "rejected");
    expect(delivery?.remote_state).toMatchObject({ error: { condition: "amqp:decode-error" } });
  });

  it("waits for credit while a hundred before it are unanswered", async () => {
    const receiver = connection.open_receiver({ name: "answers", source: "$cbs", credit_window: 0 });
    await event(receiver, "receiver_open");
    const sender = connection.open_sender({ target: "$cbs" });
    await event(sender, "sendable");
    let accepted = 0;
    let answered = 0;
    sender.on("accepted", () => (accepted += 1));
    receiver.on("message", () => (answered += 1));
    for (let count = 0; count < 250; count += 1) {
      sender.send({ message_id: count, reply_to: "answers", body: "t" });
    }
    while (accepted < 100) await event(sender, "accepted");
    expect(sender.sendable()).toBe(false);
    receiver.add_credit(1_000);
    while (answered < 250) await event(receiver, "message");
    expect(accepted).toBe(250);
  });
});
