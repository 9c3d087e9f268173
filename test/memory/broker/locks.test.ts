import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../adapters/memory/broker/delivery.js";
import {
  deadLetters,
  deathOf,
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  second,
  sendTexts,
  takeOne,
  textOf,
  texts,
} from "./fixtures.js";

const lockLost = "com.microsoft:message-lock-lost";

describe("receive modes and locks", () => {
  it("SB-25: receive-and-delete removes on delivery", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const delivery = takeOne(broker.attachReceiver("q", { mode: "receiveAndDelete" }));
    expect(delivery.lockedUntilMs).toBeUndefined();
    later(broker, 10 * minute);
    expect(broker.getQueue("q")).toMatchObject({ counts: { active: 0 }, sizeBytes: 0 });
  });

  it("SB-26: peek-lock hides a message from other receivers until it is settled or expires", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const [one, two] = [broker.attachReceiver("q"), broker.attachReceiver("q")];
    takeOne(one);
    expect(two.take(1)).toEqual([]);
    later(broker, minute - 1);
    expect(two.take(1)).toEqual([]);
    later(broker, 1);
    expect(texts(two.take(1))).toEqual(["a"]);
  });

  it("SB-27: a lock ends one lock duration after the message was taken from the entity", () => {
    const broker = queueBroker({ lockDurationMs: 30 * second });
    sendTexts(broker, "q", "a");
    later(broker, 7 * second);
    const delivery = takeOne(broker.attachReceiver("q"));
    expect(delivery.lockedUntilMs).toBe(broker.nowMs + 30 * second);
    expect(broker.nextDueMs()).toBe(broker.nowMs + 30 * second);
  });

  it("SB-28: the lock duration is 1 minute by default and 5 minutes at most", () => {
    const broker = queueBroker();
    expect(broker.getQueue("q").lockDurationMs).toBe(minute);
    broker.createQueue("five", { lockDurationMs: 5 * minute });
    expectRefusal(
      () => broker.createQueue("six", { lockDurationMs: 5 * minute + 1 }),
      "com.microsoft:argument-out-of-range",
    );
  });

  it("SB-29: renewing makes the lock last the lock duration from now, without counting", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const delivery = takeOne(receiver);
    later(broker, 40 * second);
    expect(receiver.renewLock(delivery)).toBe(broker.nowMs + minute);
    expect(delivery.lockedUntilMs).toBe(broker.nowMs + minute);
    receiver.release(delivery);
    expect(takeOne(receiver).deliveryCount).toBe(0);
  });

  it("SB-30: renewing again and again holds a lock for any time", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const delivery = takeOne(receiver);
    for (let hour = 0; hour < 60; hour += 1) {
      later(broker, 59 * second);
      receiver.renewLock(delivery);
    }
    receiver.complete(delivery);
    expect(broker.getQueue("q").counts.active).toBe(0);
  });

  it("SB-31: renewing after the lock expired fails with message-lock-lost", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const delivery = takeOne(receiver);
    later(broker, minute);
    expectRefusal(() => receiver.renewLock(delivery), lockLost, /The lock supplied is invalid/);
  });

  it("SB-32: completing after the lock expired fails, and the message stays available", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const stale = takeOne(receiver);
    later(broker, minute);
    expectRefusal(() => {
      receiver.complete(stale);
    }, lockLost);
    const fresh = takeOne(receiver);
    expectRefusal(() => {
      receiver.complete(stale);
    }, lockLost);
    receiver.complete(fresh);
  });

  it.each(["complete", "abandon", "release", "defer", "deadLetter"] as const)(
    "SB-33: after %s every further settlement fails with message-lock-lost",
    (first) => {
      const broker = queueBroker();
      sendTexts(broker, "q", "a");
      const receiver = broker.attachReceiver("q");
      const delivery = takeOne(receiver);
      receiver[first](delivery);
      for (const second of ["complete", "abandon", "release", "defer", "deadLetter", "renewLock"] as const) {
        expectRefusal(() => receiver[second](delivery), lockLost);
      }
    },
  );

  it("SB-33: in a session the second settlement fails with session-lock-lost", () => {
    const broker = queueBroker({ requiresSession: true });
    broker.send("q", [message("a", { sessionId: "s" })]);
    const session = broker.acceptSession("q", "s");
    const delivery = takeOne(session);
    session.complete(delivery);
    expectRefusal(() => {
      session.complete(delivery);
    }, "com.microsoft:session-lock-lost");
  });

  it("SB-34: another receiver cannot settle a delivery, but its lock token can until the lock expires", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a", "b");
    const first = broker.attachReceiver("q");
    const [a, b] = first.take(2);
    if (a === undefined || b === undefined) throw new Error("two are there");
    const [tokenA = "", tokenB = ""] = [a.lockToken, b.lockToken];
    first.close();
    const second = broker.attachReceiver("q");
    for (const receiver of [first, second]) {
      expectRefusal(() => {
        receiver.complete(a);
      }, lockLost);
    }
    later(broker, 30_000);
    expect(broker.renewLock("q", tokenA)).toBe(broker.nowMs + minute);
    later(broker, 30_000);
    broker.settle("q", tokenA, { type: "complete" });
    const settleB = (): void => {
      broker.settle("q", tokenB, { type: "complete" });
    };
    expectRefusal(settleB, lockLost);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["b"]);
  });

  it("SB-34: with the session gone, a lock token of a session message fails with session-lock-lost", () => {
    const broker = queueBroker({ requiresSession: true });
    broker.send("q", [message("a", { sessionId: "s" })]);
    const session = broker.acceptSession("q", "s");
    const token = takeOne(session).lockToken ?? "";
    session.close();
    expectRefusal(() => {
      broker.settle("q", token, { type: "complete" });
    }, "com.microsoft:session-lock-lost");
  });

  it("SB-35: closing a receiver does not free its locks before they expire", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const first = broker.attachReceiver("q");
    takeOne(first);
    first.close();
    const second = broker.attachReceiver("q");
    expect(second.take(1)).toEqual([]);
    later(broker, minute);
    expect(takeOne(second).deliveryCount).toBe(1);
  });

  it("SB-38: two receivers never hold the same message", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", ..."a b c d e f g h".split(" "));
    const receivers = [broker.attachReceiver("q"), broker.attachReceiver("q")];
    const taken = [0, 1, 0, 1, 1].flatMap((at) => texts(receivers[at]?.take(2) ?? []));
    expect(taken).toEqual("a b c d e f g h".split(" "));
  });

  it("SB-39: credit is remembered in order of arrival and served as messages arrive", () => {
    const broker = queueBroker();
    const log: string[] = [];
    const pushed =
      (name: string): ((delivery: Delivery) => void) =>
      (delivery) =>
        log.push(name + textOf(delivery));
    const one = broker.attachReceiver("q", { deliver: pushed("one:") });
    const two = broker.attachReceiver("q", { deliver: pushed("two:") });
    one.flow(1);
    two.flow(2);
    sendTexts(broker, "q", "a");
    sendTexts(broker, "q", "b", "c", "d");
    expect(log).toEqual(["one:a", "two:b", "two:c"]);
    one.flow(1);
    expect(log.at(-1)).toBe("one:d");
  });

  it("SB-39: pulling receivers are woken once each, in the order in which they asked", () => {
    const broker = queueBroker();
    const log: string[] = [];
    const one = broker.attachReceiver("q");
    const two = broker.attachReceiver("q");
    one.onAvailable(() => log.push("one"));
    two.onAvailable(() => log.push("two"));
    sendTexts(broker, "q", "a");
    expect(log).toEqual(["one"]);
    one.take(1);
    sendTexts(broker, "q", "b");
    sendTexts(broker, "q", "c");
    expect(log).toEqual(["one", "two"]);
    one.onAvailable(() => log.push("one again"));
    expect(log).toEqual(["one", "two", "one again"]);
  });

  it("SB-39: a woken receiver that closes without taking passes its turn on", () => {
    const broker = queueBroker();
    const log: string[] = [];
    const one = broker.attachReceiver("q");
    const two = broker.attachReceiver("q");
    one.onAvailable(() => log.push("one"));
    two.onAvailable(() => log.push("two"));
    sendTexts(broker, "q", "a");
    one.close();
    expect(log).toEqual(["one", "two"]);
  });

  it("SB-40: draining hands out what is there and ends the credit, also when there is nothing", () => {
    const broker = queueBroker();
    const got: string[] = [];
    const receiver = broker.attachReceiver("q", { deliver: (delivery) => got.push(textOf(delivery)) });
    receiver.flow(5);
    expect(receiver.drain()).toBe(5);
    sendTexts(broker, "q", "a");
    expect(got).toEqual([]);
    receiver.flow(3);
    expect(receiver.drain()).toBe(2);
    expect(got).toEqual(["a"]);
    expect(receiver.drain()).toBe(0);
  });

  it("SB-41: a receive of N returns up to N, or none, without an error", () => {
    const broker = queueBroker();
    const receiver = broker.attachReceiver("q");
    expect(receiver.take(5)).toEqual([]);
    sendTexts(broker, "q", "a", "b");
    expect(texts(receiver.take(5))).toEqual(["a", "b"]);
  });

  it("runs callbacks after the operation that caused them, so that a handler may send to its own queue", () => {
    const broker = queueBroker();
    let handled = 0;
    const receiver = broker.attachReceiver("q", {
      deliver: (delivery) => {
        handled += 1;
        receiver.complete(delivery);
        if (handled < 20_000) sendTexts(broker, "q", "next");
        receiver.flow(1);
      },
    });
    receiver.flow(1);
    sendTexts(broker, "q", "first");
    expect(handled).toBe(20_000);
  });
});

describe("delivery count", () => {
  it("SB-42: the first delivery has count 0", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    expect(takeOne(broker.attachReceiver("q")).deliveryCount).toBe(0);
  });

  it("SB-43: abandoning counts", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.abandon(takeOne(receiver));
    expect(takeOne(receiver).deliveryCount).toBe(1);
  });

  it("SB-44: the expiry of a lock counts", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    takeOne(receiver);
    later(broker, minute);
    expect(takeOne(receiver).deliveryCount).toBe(1);
  });

  it("SB-45: deferring counts like abandoning; receiving deferred, renewing, releasing and dead-lettering do not", () => {
    const broker = queueBroker();
    const [number = 0] = sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const first = takeOne(receiver);
    receiver.renewLock(first);
    receiver.release(first);
    receiver.defer(takeOne(receiver));
    const [deferred] = receiver.receiveDeferred([number]);
    expect(deferred?.deliveryCount).toBe(1);
    if (deferred !== undefined) receiver.deadLetter(deferred);
    expect(deadLetters(broker)[0]?.deliveryCount).toBe(1);
  });

  it("SB-45: deferring counts toward the maximum", () => {
    const broker = queueBroker({ maxDeliveryCount: 1 });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    receiver.defer(takeOne(receiver));
    expect(deathOf(broker).reason).toBe("MaxDeliveryCountExceeded");
  });

  it("SB-46: peeking does not count", () => {
    const broker = queueBroker();
    sendTexts(broker, "q", "a");
    for (let time = 0; time < 3; time += 1) expect(broker.peek("q")[0]?.deliveryCount).toBe(0);
    expect(takeOne(broker.attachReceiver("q")).deliveryCount).toBe(0);
  });

  it("SB-47: properties given to abandon are merged into the message's", () => {
    const broker = queueBroker();
    broker.send("q", [message("a", { applicationProperties: { kept: 1, changed: "old" } })]);
    const receiver = broker.attachReceiver("q");
    receiver.abandon(takeOne(receiver), { changed: "new", added: true });
    const again = takeOne(receiver);
    expect(again.message.applicationProperties).toEqual({ kept: 1, changed: "new", added: true });
    receiver.complete(again);
    expect(broker.getQueue("q").sizeBytes).toBe(0);
  });

  it("SB-48: with a maximum of N the message is delivered N times, then found in the dead-letter queue", () => {
    const broker = queueBroker({ maxDeliveryCount: 3 });
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    const counts: number[] = [];
    for (let [delivery] = receiver.take(1); delivery !== undefined; [delivery] = receiver.take(1)) {
      counts.push(delivery.deliveryCount);
      if (counts.length % 2 === 0) later(broker, minute);
      else receiver.abandon(delivery);
    }
    expect(counts).toEqual([0, 1, 2]);
    expect(deadLetters(broker)[0]?.deliveryCount).toBe(3);
  });

  it("SB-49: the maximum is 10 by default", () => {
    const broker = newBroker();
    broker.createQueue("q");
    sendTexts(broker, "q", "a");
    const receiver = broker.attachReceiver("q");
    let deliveries = 0;
    for (let [delivery] = receiver.take(1); delivery !== undefined; [delivery] = receiver.take(1)) {
      deliveries += 1;
      receiver.abandon(delivery);
    }
    expect(deliveries).toBe(10);
  });
});
