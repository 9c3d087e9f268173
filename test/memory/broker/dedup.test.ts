import { describe, expect, it } from "vitest";
import {
  expectRefusal,
  later,
  message,
  minute,
  newBroker,
  queueBroker,
  second,
  takeOne,
  texts,
} from "./fixtures.js";

const withId = (text: string): ReturnType<typeof message> => message(text, { messageId: "same" });
const dedup = { requiresDuplicateDetection: true, duplicateDetectionWindowMs: minute };

describe("duplicate detection", () => {
  it("SB-91: the second message with an id inside the window is accepted and not stored", () => {
    const broker = queueBroker(dedup);
    broker.send("q", [withId("a")]);
    later(broker, minute - 1);
    expect(broker.send("q", [withId("b"), message("c", { messageId: "other" })])).toHaveLength(2);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a", "c"]);
  });

  it("SB-91: on a topic too, and inside one batch", () => {
    const broker = newBroker();
    broker.createTopic("t", dedup);
    broker.createSubscription("t", "s");
    broker.send("t", [withId("a"), withId("b")]);
    expect(texts(broker.peek("t/Subscriptions/s", { count: 9 }))).toEqual(["a"]);
  });

  it("SB-92: after the window it is stored", () => {
    const broker = queueBroker(dedup);
    broker.send("q", [withId("a")]);
    later(broker, minute);
    broker.send("q", [withId("b")]);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a", "b"]);
  });

  it("SB-92: the window slides over any number of ids", () => {
    const broker = queueBroker({ requiresDuplicateDetection: true, duplicateDetectionWindowMs: 20 * second });
    for (let round = 0; round < 300; round += 1) {
      broker.send("q", [
        message("x", { messageId: String(round) }),
        message("x", { messageId: `${String(round)}b` }),
      ]);
      later(broker, 100);
    }
    // The last 200 rounds are remembered, less the one whose time is up now.
    const again = Array.from({ length: 300 }, (_, round) => message("y", { messageId: String(round) }));
    broker.send("q", again);
    expect(broker.getQueue("q").counts.active).toBe(600 + 101);
  });

  it("SB-93: the window is 10 minutes by default, and 20 seconds to 7 days", () => {
    const broker = newBroker();
    broker.createQueue("q", { requiresDuplicateDetection: true });
    expect(broker.getQueue("q").duplicateDetectionWindowMs).toBe(10 * minute);
    const sevenDays = 7 * 24 * 60 * minute;
    for (const duplicateDetectionWindowMs of [20 * second - 1, sevenDays + 1]) {
      expectRefusal(
        () => broker.createQueue("r", { duplicateDetectionWindowMs }),
        "com.microsoft:argument-out-of-range",
      );
    }
    broker.createQueue("r", { duplicateDetectionWindowMs: sevenDays });
  });

  it("SB-94: scheduled and immediate messages are duplicates of each other", () => {
    const broker = queueBroker(dedup);
    const at = broker.nowMs + second;
    const [first] = broker.schedule("q", [{ ...withId("a"), scheduledEnqueueTimeMs: at }]);
    broker.send("q", [withId("b")]);
    const [second_] = broker.schedule("q", [{ ...withId("c"), scheduledEnqueueTimeMs: at }]);
    expect(second_).not.toBe(first);
    later(broker, second);
    expect(texts(broker.peek("q", { count: 9 }))).toEqual(["a"]);
  });

  it("SB-95: ids are remembered after the first message was completed", () => {
    const broker = queueBroker(dedup);
    broker.send("q", [withId("a")]);
    const receiver = broker.attachReceiver("q");
    receiver.complete(takeOne(receiver));
    broker.send("q", [withId("b")]);
    expect(receiver.take(1)).toEqual([]);
  });
});
