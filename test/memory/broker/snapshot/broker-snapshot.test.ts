import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBroker, type Broker } from "../../../../adapters/memory/broker/broker.js";
import { createKernel } from "../../../../adapters/memory/broker/create-kernel.js";
import type { Kernel } from "../../../../adapters/memory/broker/kernel.js";
import {
  restoreBroker,
  snapshotBroker,
  type BrokerSnapshot,
} from "../../../../adapters/memory/broker/snapshot/broker-snapshot.js";
import { fromPlain, toPlain } from "../../../../adapters/memory/broker/snapshot/plain-value.js";
import { message, minute, second, sendTexts, startMs, textOf, texts } from "../fixtures.js";

interface Stage {
  readonly broker: Broker;
  readonly kernel: Kernel;
}

function stage(nowMs = startMs): Stage {
  const options = { startMs: nowMs };
  const kernel = createKernel(options);
  return { kernel, broker: createBroker(options, kernel) };
}

/** What a broker holds, through JSON, in a new broker whose clock shows the same time. */
function reborn({ kernel, broker }: Stage): Stage {
  const text = JSON.stringify(toPlain(snapshotBroker(kernel)));
  const next = stage(broker.nowMs);
  restoreBroker(next.kernel, fromPlain(JSON.parse(text) as never) as BrokerSnapshot);
  return next;
}

type Settling = "complete" | "abandon" | "release" | "defer" | "deadLetter" | "lock";

const drain = (broker: Broker, address: string): string[] =>
  texts(broker.attachReceiver(address, { mode: "receiveAndDelete" }).take(100));

describe("a restored broker", () => {
  it("hands out the messages of the other, in order and under their numbers", () => {
    const before = stage();
    before.broker.createQueue("q");
    const numbers = sendTexts(before.broker, "q", "a", "b", "c");
    const { broker } = reborn(before);
    expect(broker.peek("q", { count: 10 }).map(({ sequenceNumber }) => sequenceNumber)).toEqual(numbers);
    expect(drain(broker, "q")).toEqual(["a", "b", "c"]);
    expect(sendTexts(broker, "q", "d")).toEqual([4]);
  });

  it("keeps every field of a message, also what a protocol keeps in it", () => {
    const before = stage();
    before.broker.createQueue("q");
    const sent = {
      messageId: "m",
      body: new Uint8Array([0, 255, 7]),
      applicationProperties: {
        at: new Date(5),
        big: 2n ** 60n,
        none: null,
        bytes: new Uint8Array([1]),
        "~": 1,
      },
      wire: { sections: [Buffer.from("abc")], header: new Map([["a", 1]]), rest: undefined, inf: Infinity },
    };
    before.broker.send("q", [sent]);
    const [peeked] = reborn(before).broker.peek("q");
    expect(peeked?.message).toEqual(sent);
    expect(Buffer.isBuffer((peeked?.message.wire as typeof sent.wire).sections[0])).toBe(true);
  });

  it("offers what was locked again, without counting the delivery", () => {
    const before = stage();
    before.broker.createQueue("q");
    sendTexts(before.broker, "q", "a", "b");
    const receiver = before.broker.attachReceiver("q");
    for (const delivery of receiver.take(1)) receiver.abandon(delivery);
    receiver.take(1);
    const [first, second] = reborn(before).broker.attachReceiver("q").take(2);
    expect([first, second].map((each) => [each && textOf(each), each?.deliveryCount])).toEqual([
      ["a", 1],
      ["b", 0],
    ]);
  });

  it("keeps a deferred message deferred and a scheduled one until its time", () => {
    const before = stage();
    before.broker.createQueue("q");
    const [deferred = 0] = sendTexts(before.broker, "q", "deferred");
    const receiver = before.broker.attachReceiver("q");
    for (const delivery of receiver.take(1)) receiver.defer(delivery);
    before.broker.schedule("q", [message("later", { scheduledEnqueueTimeMs: startMs + minute })]);
    const { broker } = reborn(before);
    expect(drain(broker, "q")).toEqual([]);
    expect(texts(broker.receiveDeferred("q", [deferred], "receiveAndDelete"))).toEqual(["deferred"]);
    broker.advanceTo(startMs + minute);
    expect(drain(broker, "q")).toEqual(["later"]);
  });

  it("lets a message expire when the other would have", () => {
    const before = stage();
    before.broker.createQueue("q", { deadLetteringOnMessageExpiration: true });
    before.broker.send("q", [message("a", { timeToLiveMs: minute })]);
    before.broker.advanceTo(startMs + 59 * second);
    const { broker } = reborn(before);
    broker.attachReceiver("q");
    expect(broker.getQueue("q").counts.deadLetter).toBe(0);
    broker.advanceTo(startMs + minute);
    expect(broker.getQueue("q").counts.deadLetter).toBe(1);
  });

  it("still knows duplicates within their window", () => {
    const before = stage();
    before.broker.createQueue("q", { requiresDuplicateDetection: true, duplicateDetectionWindowMs: minute });
    for (let id = 0; id < 100; id += 1) {
      before.broker.advanceTo(startMs + id * second);
      before.broker.send("q", [message(`m${id}`, { messageId: `m${id}` })]);
    }
    const { broker } = reborn(before);
    drain(broker, "q");
    broker.send("q", [message("old", { messageId: "m30" })]);
    broker.send("q", [message("remembered", { messageId: "m50" })]);
    expect(drain(broker, "q")).toEqual(["old"]);
  });

  it("keeps topics, rules and the subscriptions' messages", () => {
    const before = stage();
    before.broker.createTopic("t");
    before.broker.createSubscription("t", "all");
    before.broker.createSubscription("t", "red", {
      rules: [{ name: "red", filter: { type: "sql", expression: "color = 'red'" } }],
    });
    before.broker.removeRule("t", "all", "$Default");
    before.broker.addRule("t", "all", { name: "every", filter: { type: "true" } });
    before.broker.send("t", [message("r1", { applicationProperties: { color: "red" } }), message("x1")]);
    const { broker } = reborn(before);
    expect(broker.rules("t", "all").map(({ name }) => name)).toEqual(["every"]);
    broker.send("t", [message("r2", { applicationProperties: { color: "red" } }), message("x2")]);
    expect(drain(broker, "t/Subscriptions/red")).toEqual(["r1", "r2"]);
    expect(drain(broker, "t/Subscriptions/all")).toEqual(["r1", "x1", "r2", "x2"]);
  });

  it("keeps sessions with their states, and offers them", () => {
    const before = stage();
    before.broker.createQueue("q", { requiresSession: true });
    before.broker.send("q", [message("a", { sessionId: "s" }), message("b", { sessionId: "t" })]);
    const session = before.broker.acceptSession("q", "u");
    session.setSessionState(new Uint8Array([9]));
    const { broker } = reborn(before);
    expect(broker.getQueue("q").sizeBytes).toBe(before.broker.getQueue("q").sizeBytes);
    expect(broker.acceptSession("q", null).sessionId).toBe("s");
    expect(broker.acceptSession("q", "u").getSessionState()).toEqual(new Uint8Array([9]));
  });

  it("goes on forwarding, also to an entity that was made later", () => {
    const before = stage();
    before.broker.createQueue("to", {});
    before.broker.createQueue("from", { forwardTo: "to" });
    before.broker.updateQueue("to", { status: "Disabled" });
    before.broker.createQueue("last");
    before.broker.updateQueue("to", { status: "Active", forwardDeadLetteredMessagesTo: "last" });
    const { broker } = reborn(before);
    sendTexts(broker, "from", "a");
    expect(broker.getQueue("to").forwardDeadLetteredMessagesTo).toBe("last");
    const receiver = broker.attachReceiver("to");
    for (const delivery of receiver.take(1)) receiver.deadLetter(delivery);
    expect(drain(broker, "last")).toEqual(["a"]);
  });

  it("is, whatever was done, the same as its own snapshot", () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const), count: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ do: fc.constant("schedule" as const), afterMs: fc.integer({ min: 1, max: 90_000 }) }),
      fc.record({
        do: fc.constantFrom<Settling>("complete", "abandon", "release", "defer", "deadLetter", "lock"),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 1, max: 60_000 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const before = stage();
        before.broker.createQueue("q", { lockDurationMs: 20 * second, maxDeliveryCount: 3 });
        const receiver = before.broker.attachReceiver("q");
        for (const each of steps) {
          if (each.do === "send") {
            const all = Array.from({ length: each.count }, (_, at) =>
              message(`m${at}`, { timeToLiveMs: 90_000 }),
            );
            before.broker.send("q", all);
          } else if (each.do === "schedule") {
            const scheduledEnqueueTimeMs = before.broker.nowMs + each.afterMs;
            before.broker.schedule("q", [message("s", { scheduledEnqueueTimeMs })]);
          } else if (each.do === "advance") before.broker.advanceTo(before.broker.nowMs + each.ms);
          else {
            for (const delivery of receiver.take(each.count)) {
              if (each.do !== "lock") receiver[each.do](delivery);
            }
          }
        }
        const after = reborn(before);
        expect(snapshotBroker(after.kernel)).toEqual(snapshotBroker(before.kernel));
        expect(after.broker.getQueue("q")).toEqual(before.broker.getQueue("q"));
      }),
    );
  });
});
