import { types } from "rhea";
import { describe, expect, it } from "vitest";
import { encodeByRhea } from "../message/rhea-message.js";
import { startBus } from "./bus.js";
import { connectRaw, once, sessionOf } from "./raw-client.js";

const minuteMs = 60_000;

describe("refusals of links, as they travel", () => {
  it.each([
    [
      "a session that somebody holds",
      sessionOf("sessions", "held"),
      "com.microsoft:session-cannot-be-locked",
      /'held'/,
    ],
    ["a session where there are none", sessionOf("q", "a"), "amqp:not-allowed", /does not require sessions/],
    ["no session where one is required", { source: "sessions" }, "amqp:not-allowed", /non-sessionful/],
    [
      "an unknown queue",
      { source: "nothing" },
      "amqp:not-found",
      /The messaging entity .* could not be found/,
    ],
    ["an unknown subscription", { source: "t/Subscriptions/s" }, "amqp:not-found", /could not be found/],
    ["a disabled queue", { source: "off" }, "com.microsoft:entity-disabled", /currently disabled/],
    ["a forwarding queue", { source: "forwards" }, "amqp:not-allowed", /auto-forwarding enabled/],
  ])("of %s", async (_what, options, condition, message) => {
    const { broker, port } = await startBus();
    broker.createQueue("q");
    broker.createQueue("sessions", { requiresSession: true });
    broker.createQueue("off", { status: "Disabled" });
    broker.createQueue("forwards", { forwardTo: "q" });
    broker.createTopic("t");
    broker.acceptSession("sessions", "held");
    const raw = await connectRaw(port);
    await expect(raw.receive(options)).rejects.toMatchObject({
      condition,
      message: expect.stringMatching(message) as string,
    });
  });

  it("of a wait for a session that took too long", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const properties = { "com.microsoft:timeout": types.wrap_uint(20) as unknown };
    await expect(raw.receive({ ...sessionOf("sessions", null), properties })).rejects.toMatchObject({
      condition: "com.microsoft:timeout",
      message: expect.stringMatching(/allotted timeout of 00:00:00.020/) as string,
    });
  });
});

describe("sessions, as they travel", () => {
  it("may have an empty id", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const receiver = await raw.receive(sessionOf("sessions", ""));
    expect(receiver.source.filter).toMatchObject({ "com.microsoft:session-filter": "" });
  });

  it("echo a filter that was described with its descriptor", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const filter: unknown = types.wrap_described("a", "com.microsoft:session-filter");
    const receiver = await raw.receive({
      source: { address: "sessions", filter: { "com.microsoft:session-filter": filter } as never },
    });
    const echoed = (receiver.source.filter as unknown as Record<string, { descriptor?: { value: unknown } }>)[
      "com.microsoft:session-filter"
    ];
    expect(echoed?.descriptor?.value).toBe("com.microsoft:session-filter");
  });

  it("are not kept for a client that went away while it waited", async () => {
    const { broker, port, namespace, send } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const waiting = raw.connection.open_receiver(sessionOf("sessions", null));
    waiting.close();
    raw.connection.close();
    await once(raw.connection, "connection_close");
    await send("sessions", { body: 1, sessionId: "a" });
    expect(namespace.enter(() => broker.acceptSession("sessions", null).sessionId)).toBe("a");
  });

  it("tell by a detach that their lock was lost", async () => {
    const { broker, clock, port } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const receiver = await raw.receive(sessionOf("sessions", "a"));
    const ended = once(receiver, "receiver_error");
    clock.advance(minuteMs);
    await ended;
    expect(receiver.error).toMatchObject({ condition: "com.microsoft:session-lock-lost" });
  });

  it("are listed by the management node", async () => {
    const { broker, clock, port, send } = await startBus();
    broker.createQueue("sessions", { requiresSession: true });
    const raw = await connectRaw(port);
    const list = async (since: Date) => {
      const body = { "last-updated-time": since, skip: types.wrap_int(0), top: types.wrap_int(10) };
      return raw.manage("sessions", "get-message-sessions", body);
    };
    const always = new Date(Date.UTC(9999, 11, 31));
    expect((await list(always)).application_properties).toMatchObject({ statusCode: 204 });
    await send("sessions", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" });
    expect((await list(always)).body).toMatchObject({ "sessions-ids": ["a", "b"], skip: 2 });
    const holder = broker.acceptSession("sessions", "b");
    holder.setSessionState(Buffer.from("x"));
    const recent = new Date(clock.toWire(clock.now()) - minuteMs);
    expect((await list(recent)).body).toMatchObject({ "sessions-ids": ["b"] });
  });
});

describe("the management node, as it travels", () => {
  it("deletes messages in batches", async () => {
    const { broker, clock, port, send } = await startBus();
    broker.createQueue("q");
    const raw = await connectRaw(port);
    await send("q", { body: 1 }, { body: 2 }, { body: 3 });
    const remove = async (count: number, before: Date) => {
      const body = { "message-count": types.wrap_int(count), "enqueued-time-utc": before };
      return (await raw.manage("q", "batch-delete-messages", body)).body as unknown;
    };
    const now = clock.toWire(clock.now());
    expect(await remove(10, new Date(now - minuteMs))).toEqual({ "message-count": 0 });
    expect(await remove(2, new Date(now + 1_000))).toEqual({ "message-count": 2 });
    expect(broker.getQueue("q").counts.active).toBe(1);
  });

  it("leaves out the body when a client peeks without it", async () => {
    const { broker, port, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: "x".repeat(1_000), messageId: "m", applicationProperties: { a: 1 } });
    const raw = await connectRaw(port);
    const body = { "from-sequence-number": types.wrap_long(0), "message-count": types.wrap_int(1) };
    const peek = async (more: object) =>
      (
        (await raw.manage("q", "peek-message", { ...body, ...more })).body as {
          messages: [{ message: Buffer }];
        }
      ).messages[0].message.length;
    expect(await peek({})).toBeGreaterThan(1_000);
    expect(await peek({ "omit-message-body": true })).toBeLessThan(400);
  });

  it.each([
    ["an entry is missing", "renew-lock", {}, 400, "com.microsoft:argument-error"],
    [
      "an entry has the wrong type",
      "peek-message",
      { "message-count": "many" },
      400,
      "com.microsoft:argument-error",
    ],
    ["the lock is unknown", "renew-lock", lockTokens(), 410, "com.microsoft:message-lock-lost"],
    [
      "the disposition is unknown",
      "update-disposition",
      { ...lockTokens(), "disposition-status": "eaten" },
      400,
      "com.microsoft:argument-error",
    ],
    [
      "the session is not held",
      "get-session-state",
      { "session-id": "a" },
      410,
      "com.microsoft:session-lock-lost",
    ],
    [
      "a message is no message",
      "schedule-message",
      scheduled(Buffer.from("x")),
      400,
      "com.microsoft:argument-error",
    ],
    [
      "a message has no time",
      "schedule-message",
      scheduled(encodeByRhea({ body: 1 })),
      400,
      "com.microsoft:argument-error",
    ],
    ["the operation is unknown", "dance", {}, 501, "amqp:not-implemented"],
    ["it has no rules", "enumerate-rules", {}, 400, "amqp:not-allowed"],
  ])("answers when %s", async (_what, operation, body, statusCode, errorCondition) => {
    const { broker, port } = await startBus();
    broker.createQueue("q");
    const raw = await connectRaw(port);
    const answer = await raw.manage("q", operation, body);
    expect(answer.application_properties).toMatchObject({ statusCode, errorCondition });
  });
});

describe("messages, as they travel", () => {
  it("arrive with their types in peek-lock mode, under a tag that is their lock token", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("q");
    const raw = await connectRaw(port);
    const sender = raw.connection.open_sender("q");
    sender.once("sendable", () => {
      sender.send({ body: { deep: [1, "a"] }, application_properties: { small: types.wrap_ubyte(3) } });
    });
    const receiver = await raw.receive({ source: "q", rcv_settle_mode: 1 });
    const arrived = once(receiver, "message");
    receiver.add_credit(1);
    const { delivery, message } = await arrived;
    expect(message?.body).toEqual({ deep: [1, "a"] });
    expect(Buffer.from(delivery?.tag ?? []).length).toBe(16);
    // The management node knows the token by the order of bytes that RFC 4122 has.
    const tag = Buffer.from(delivery?.tag ?? []);
    tag.subarray(0, 4).reverse();
    tag.subarray(4, 6).reverse();
    tag.subarray(6, 8).reverse();
    const renewed = await raw.manage("q", "renew-lock", {
      "lock-tokens": types.wrap_array([tag], 0x98, undefined),
    });
    expect(renewed.application_properties).toMatchObject({ statusCode: 200 });
  });

  it("that are released come again uncounted, rejected without a reason of Microsoft's die by their own", async () => {
    const { broker, port, send } = await startBus();
    broker.createQueue("q");
    await send("q", { body: 1 });
    const raw = await connectRaw(port);
    const receiver = await raw.receive({ source: "q" });
    const first = once(receiver, "message");
    receiver.add_credit(2);
    const second = once(receiver, "message");
    (await first).delivery?.release();
    void second;
    const again = await once(receiver, "message");
    expect(again.message?.delivery_count ?? 0).toBe(0);
    again.delivery?.reject({ condition: "my:reason", description: "told" });
    const graves = await raw.receive({ source: "q/$deadletterqueue" });
    const dead = once(graves, "message");
    graves.add_credit(1);
    expect((await dead).message?.application_properties).toMatchObject({
      DeadLetterReason: "my:reason",
      DeadLetterErrorDescription: "told",
    });
  });

  it("that are no messages are rejected, and the link goes on", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("q");
    const raw = await connectRaw(port);
    const sender = raw.connection.open_sender("q");
    await once(sender as never, "sendable");
    const rejected = once(sender as never, "rejected");
    sender.send(Buffer.from("no message"), "tag", 0);
    expect((await rejected).delivery?.remote_state?.["error"]).toMatchObject({
      condition: "amqp:decode-error",
    });
    const accepted = once(sender as never, "accepted");
    sender.send({ body: 1 });
    await accepted;
  });

  it("come by an address with scheme and host, in any letter case", async () => {
    const { broker, port, send } = await startBus();
    broker.createQueue("Orders");
    await send("Orders", { body: 1 });
    const raw = await connectRaw(port);
    const receiver = await raw.receive({ source: `amqps://localhost:${String(port)}/ORDERS/` });
    const arrived = once(receiver, "message");
    receiver.add_credit(1);
    await arrived;
  });

  it("end their link when a batch has none", async () => {
    const { broker, port } = await startBus();
    broker.createQueue("q");
    const raw = await connectRaw(port);
    const sender = raw.connection.open_sender("q");
    await once(sender as never, "sendable");
    const ended = once(sender as never, "sender_error");
    sender.send(Buffer.from([0x00, 0x53, 0x70, 0x45]), "tag", 0x80013700);
    await ended;
    expect(sender.error).toMatchObject({ condition: "amqp:link:detach-forced" });
  });
});

function lockTokens(): object {
  return { "lock-tokens": types.wrap_array([Buffer.alloc(16, 1)], 0x98, undefined) as unknown };
}

function scheduled(message: Buffer): object {
  return { messages: [{ message }] };
}
