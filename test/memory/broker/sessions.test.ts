import { describe, expect, it } from "vitest";
import type { Broker } from "../../../adapters/memory/broker/broker.js";
import {
  deadLetters,
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  takeOne,
  texts,
} from "./fixtures.js";

const lost = "com.microsoft:session-lock-lost";

const sessionBroker = (): Broker => queueBroker({ requiresSession: true });

/** Sends `s1` as a message of session `s`. */
const send = (broker: Broker, ...all: string[]): void => {
  broker.send(
    "q",
    all.map((text) => message(text, { sessionId: text.slice(0, 1) })),
  );
};

describe("sessions", () => {
  it("SB-80: a plain receiver on a session entity is refused, and the reverse", () => {
    const broker = sessionBroker();
    broker.createQueue("plain");
    expectRefusal(() => broker.attachReceiver("q"), "amqp:not-allowed", /non-sessionful message receiver/);
    expectRefusal(() => broker.acceptSession("plain", "s"), "amqp:not-allowed", /does not require sessions/);
  });

  it("SB-80: a message without session id is refused by a session queue and kept by a plain one", () => {
    const broker = sessionBroker();
    broker.createQueue("plain");
    expectRefusal(() => broker.send("q", [message("a")]), "amqp:not-allowed", /SessionId was not set/);
    broker.send("plain", [message("a", { sessionId: "s" })]);
    expect(takeOne(broker.attachReceiver("plain")).message.sessionId).toBe("s");
  });

  it("SB-81: a session that is held cannot be accepted", () => {
    const broker = sessionBroker();
    send(broker, "s1");
    broker.acceptSession("q", "s");
    const condition = "com.microsoft:session-cannot-be-locked";
    expectRefusal(() => broker.acceptSession("q", "s"), condition, /'s' cannot be accepted/);
  });

  it("SB-82: accepting the next session skips held ones and times out with none free", () => {
    const broker = sessionBroker();
    send(broker, "a1", "b1");
    broker.acceptSession("q", "a");
    expect(broker.acceptSession("q", null).sessionId).toBe("b");
    expectRefusal(() => broker.acceptSession("q", null), "com.microsoft:timeout");
  });

  it("SB-82: who waits for the next session gets it when one becomes free, in order, unless he gave up", () => {
    const broker = sessionBroker();
    const got: string[] = [];
    const waiting = [1, 2, 3].map((name) =>
      broker.waitForSession("q", {}, (session) => got.push(`${String(name)}:${session.sessionId}`)),
    );
    waiting[1]?.();
    send(broker, "a1", "a2", "b1");
    expect(got).toEqual(["1:a", "3:b"]);
    send(broker, "c1");
    expect(broker.acceptSession("q", null).sessionId).toBe("c");
  });

  it("SB-83: the holder gets the present and later messages of that session only, in order", () => {
    const broker = sessionBroker();
    send(broker, "a1", "b1", "a2");
    const session = broker.acceptSession("q", "a");
    send(broker, "b2", "a3");
    expect(texts(session.take(9))).toEqual(["a1", "a2", "a3"]);
  });

  it("SB-83: an unused session can be accepted and its holder is woken by the first message", () => {
    const broker = sessionBroker();
    const session = broker.acceptSession("q", "new");
    const got: string[] = [];
    session.onAvailable(() => got.push(...texts(session.take(9))));
    broker.send("q", [message("x", { sessionId: "new" })]);
    expect(got).toEqual(["x"]);
  });

  it("SB-84: an abandoned message is the next one of its session", () => {
    const broker = sessionBroker();
    send(broker, "a1", "a2", "a3");
    const session = broker.acceptSession("q", "a");
    session.abandon(takeOne(session));
    expect(texts(session.take(9))).toEqual(["a1", "a2", "a3"]);
  });

  it("SB-85: when a session lock expires its locked messages count a delivery and the holder is told", () => {
    const broker = sessionBroker();
    send(broker, "a1", "a2");
    const conditions: string[] = [];
    const session = broker.acceptSession("q", "a", {
      onDetach: ({ condition }) => conditions.push(condition),
    });
    const held = takeOne(session);
    later(broker, minute);
    expect(conditions).toEqual([lost]);
    expectRefusal(() => {
      session.complete(held);
    }, lost);
    const again = broker.acceptSession("q", null).take(2);
    expect(again.map((delivery) => delivery.deliveryCount)).toEqual([1, 0]);
  });

  it("SB-85: session locks that expire again and again dead-letter the message", () => {
    const broker = queueBroker({ requiresSession: true, maxDeliveryCount: 2 });
    send(broker, "a1");
    for (let time = 0; time < 2; time += 1) {
      takeOne(broker.acceptSession("q", "a"));
      later(broker, minute);
    }
    expect(texts(deadLetters(broker))).toEqual(["a1"]);
  });

  it("SB-86: a closed session leaves its messages uncounted to the next who accepts it", () => {
    const broker = sessionBroker();
    send(broker, "a1");
    const first = broker.acceptSession("q", "a");
    takeOne(first);
    first.close();
    expect(takeOne(broker.acceptSession("q", null)).deliveryCount).toBe(0);
  });

  it("SB-87: renewing extends the session lock and with it that of its messages", () => {
    const broker = sessionBroker();
    send(broker, "a1");
    const session = broker.acceptSession("q", "a");
    const delivery = takeOne(session);
    later(broker, minute - 1);
    expect(session.renewSessionLock()).toBe(broker.nowMs + minute);
    expect(session.sessionLockedUntilMs).toBe(broker.nowMs + minute);
    expect(delivery.lockedUntilMs).toBe(broker.nowMs + minute);
    later(broker, minute - 1);
    session.complete(delivery);
  });

  it("SB-87: after the session lock is lost everything fails with session-lock-lost", () => {
    const broker = sessionBroker();
    send(broker, "a1");
    const session = broker.acceptSession("q", "a");
    const delivery = takeOne(session);
    later(broker, minute);
    const attempts = [
      (): unknown => session.take(1),
      (): unknown => session.renewSessionLock(),
      (): unknown => session.getSessionState(),
      (): void => {
        session.setSessionState(null);
      },
      (): void => {
        session.abandon(delivery);
      },
    ];
    for (const attempt of attempts) expectRefusal(attempt, lost);
  });

  it("SB-88: the state is null at first, can be set and cleared, and outlives messages and holder", () => {
    const broker = sessionBroker();
    send(broker, "a1");
    const first = broker.acceptSession("q", "a");
    expect(first.getSessionState()).toBeNull();
    first.setSessionState(Uint8Array.of(1, 2));
    first.complete(takeOne(first));
    first.close();
    const second = broker.acceptSession("q", "a");
    expect(second.getSessionState()).toEqual(Uint8Array.of(1, 2));
    second.setSessionState(null);
    second.close();
    expect(broker.acceptSession("q", "a").getSessionState()).toBeNull();
    expect(broker.getQueue("q").sizeBytes).toBe(0);
  });

  it("SB-89: a state above the message limit is refused", () => {
    const session = sessionBroker().acceptSession("q", "a");
    session.setSessionState(new Uint8Array(256 * 1024));
    expectRefusal(() => {
      session.setSessionState(new Uint8Array(256 * 1024 + 1));
    }, "amqp:link:message-size-exceeded");
  });

  it("SB-90: sessions are listed in pages, and by the time at which their state was set", () => {
    const broker = sessionBroker();
    send(broker, "a1", "b1", "c1", "d1");
    expect(broker.sessions("q", { top: 2 })).toEqual(["a", "b"]);
    expect(broker.sessions("q", { skip: 2, top: 5 })).toEqual(["c", "d"]);
    broker.acceptSession("q", "a").setSessionState(Uint8Array.of(1));
    later(broker, 1);
    const since = broker.nowMs;
    broker.acceptSession("q", "c").setSessionState(Uint8Array.of(1));
    expect(broker.sessions("q", { updatedAfterMs: since })).toEqual(["c"]);
  });

  it("works on subscriptions as on queues", () => {
    const broker = newBroker();
    broker.createTopic("t");
    broker.createSubscription("t", "s", { requiresSession: true });
    broker.send("t", [message("x1", { sessionId: "x" }), message("y1", { sessionId: "y" })]);
    const session = broker.acceptSession("t/Subscriptions/s", "y");
    expect(texts(session.take(9))).toEqual(["y1"]);
  });

  it("peeks one session", () => {
    const broker = sessionBroker();
    send(broker, "a1", "b1", "a2");
    expect(texts(broker.peek("q", { count: 9, sessionId: "a" }))).toEqual(["a1", "a2"]);
  });
});
