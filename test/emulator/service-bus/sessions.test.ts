import { describe, expect, it } from "vitest";
import { bodiesOf, deadBecause, receiveOne, receiveRest, startBus, type Bus } from "./bus.js";

const minuteMs = 60_000;

async function sessionBus(): Promise<Bus> {
  const bus = await startBus();
  bus.broker.createQueue("q", { requiresSession: true });
  return bus;
}

describe("sessions", () => {
  it("are given by id, with their messages in order and no others", async () => {
    const { client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" }, { body: 3, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    expect(session.sessionId).toBe("a");
    expect(bodiesOf(await receiveRest(session))).toEqual([1, 3]);
  });

  it("tell a client how long they are locked", async () => {
    const { clock, client } = await sessionBus();
    clock.advance(24 * 60 * minuteMs);
    const before = clock.toWire(clock.now());
    const { sessionLockedUntilUtc } = await client.acceptSession("q", "a");
    expect(sessionLockedUntilUtc.getTime()).toBeGreaterThanOrEqual(before + minuteMs);
    expect(sessionLockedUntilUtc.getTime()).toBeLessThan(before + 2 * minuteMs);
  });

  it("are given to one at a time, and empty ones, too", async () => {
    const { client, connect } = await sessionBus();
    await client.acceptSession("q", "a");
    await expect(connect().acceptSession("q", "a")).rejects.toMatchObject({
      name: "ServiceBusError",
      code: "SessionCannotBeLocked",
    });
  });

  it("come next in the order in which they became available", async () => {
    const { client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "b" });
    expect((await client.acceptNextSession("q")).sessionId).toBe("a");
    expect((await client.acceptNextSession("q")).sessionId).toBe("b");
  });

  it("are waited for by who wants the next one", async () => {
    const { client, send } = await sessionBus();
    const next = client.acceptNextSession("q");
    await send("q", { body: 1, sessionId: "late" });
    const session = await next;
    expect(session.sessionId).toBe("late");
    expect(bodiesOf(await receiveRest(session))).toEqual([1]);
  });

  it("that do not come in time are a timeout", async () => {
    const { broker, connect, send } = await sessionBus();
    await expect(connect(300).acceptNextSession("q")).rejects.toMatchObject({ code: "ServiceTimeout" });
    // Nobody waits any more who would take it and be gone.
    await send("q", { body: 1, sessionId: "a" });
    expect(broker.acceptSession("q", null).sessionId).toBe("a");
  });

  it("are free at once when they are closed, and what was locked comes again uncounted", async () => {
    const { client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    await receiveOne(session);
    await session.close();
    const again = await client.acceptNextSession("q");
    expect(again.sessionId).toBe("a");
    expect((await receiveOne(again)).deliveryCount).toBe(0);
  });

  it("are lost when their lock runs out: nothing can be done in them, and the message counts", async () => {
    const { clock, client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" });
    const session = await client.acceptSession("q", "a", { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(session);
    clock.advance(minuteMs);
    const lost = { name: "ServiceBusError", code: "SessionLockLost" };
    // First something that is answered: by then the client has heard of the end of its link, too.
    await expect(session.renewSessionLock()).rejects.toMatchObject(lost);
    await expect(session.completeMessage(message)).rejects.toMatchObject(lost);
    await expect(session.getSessionState()).rejects.toMatchObject(lost);
    await expect(session.receiveMessages(1)).rejects.toMatchObject(lost);
    expect((await receiveOne(await client.acceptSession("q", "a"))).deliveryCount).toBe(1);
  });

  it("tell a subscriber that their lock was lost", async () => {
    const { clock, client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" });
    const session = await client.acceptSession("q", "a", { maxAutoLockRenewalDurationInMs: 0 });
    const failed = new Promise<unknown>((resolve) => {
      session.subscribe({
        processMessage: async () => {
          clock.advance(minuteMs);
        },
        processError: async ({ error }) => {
          if ("code" in error && error.code === "SessionLockLost") resolve(error);
        },
      });
    });
    await expect(failed).resolves.toMatchObject({ name: "ServiceBusError" });
  });

  it("are held longer when they are renewed", async () => {
    const { clock, client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" });
    const session = await client.acceptSession("q", "a", { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(session);
    clock.advance(minuteMs / 2);
    await session.renewSessionLock();
    clock.advance(minuteMs - 5_000);
    await session.completeMessage(message);
  });

  it("keep a state, which outlives their messages and their holder", async () => {
    const { client } = await sessionBus();
    const session = await client.acceptSession("q", "a");
    expect(await session.getSessionState()).toBeNull();
    await session.setSessionState({ step: 3 });
    await session.close();
    const again = await client.acceptSession("q", "a");
    expect(await again.getSessionState()).toEqual({ step: 3 });
    await again.setSessionState(null);
    expect(await again.getSessionState()).toBeNull();
  });

  it("settle in every way, and give an abandoned message next", async () => {
    const { client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" }, { body: 2, sessionId: "a" }, { body: 3, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    await session.abandonMessage(await receiveOne(session), { tried: true });
    const first = await receiveOne(session);
    expect(first).toMatchObject({ body: 1, deliveryCount: 1, applicationProperties: { tried: true } });
    await session.completeMessage(first);
    await session.deadLetterMessage(await receiveOne(session), deadBecause("no"));
    const third = await receiveOne(session);
    await session.deferMessage(third);
    const [deferred] = await session.receiveDeferredMessages(third.sequenceNumber ?? expect.fail("numbered"));
    if (deferred !== undefined) await session.completeMessage(deferred);
    expect(await session.peekMessages(5)).toEqual([]);
    const dead = await receiveOne(client.createReceiver("q", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ body: 2, sessionId: "a", deadLetterReason: "no" });
  });

  it("cannot be settled in by a receiver that was closed", async () => {
    const { client, send } = await sessionBus();
    await send("q", { body: 1, sessionId: "a" });
    const session = await client.acceptSession("q", "a");
    const message = await receiveOne(session);
    await session.close();
    await expect(session.completeMessage(message)).rejects.toThrow();
    expect(bodiesOf(await receiveRest(await client.acceptSession("q", "a")))).toEqual([1]);
  });

  it("exist only where they are required", async () => {
    const { broker, client } = await sessionBus();
    broker.createQueue("plain");
    // The SDK asks of a named session no more than whether it got it; see raw.test.ts for what it was told.
    await expect(client.acceptSession("plain", "a")).rejects.toMatchObject({ code: "SessionCannotBeLocked" });
    const next = client.acceptNextSession("plain");
    await expect(next).rejects.toMatchObject({ code: "GeneralError" });
  });

  it("end when their queue is deleted", async () => {
    const { broker, namespace, client, send } = await sessionBus();
    broker.createQueue("other");
    const session = await client.acceptSession("q", "a");
    namespace.enter(() => {
      broker.deleteQueue("q");
    });
    await send("other", { body: "x" });
    await expect(session.receiveMessages(1)).rejects.toMatchObject({ name: "ServiceBusError" });
    await expect(client.acceptSession("q", "a")).rejects.toMatchObject({ code: "MessagingEntityNotFound" });
  });
});
