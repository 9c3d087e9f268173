import { describe, expect, it } from "vitest";
import { deadLetterRecord } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { DeliveryAnswer } from "../../../../adapters/memory/broker/notifier/delivery-rules.js";
import { createNotifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import {
  cloudEvent,
  gridEvent,
  hour,
  idsIn,
  minute,
  pushStage,
  second,
  startMs,
  type PushStage,
} from "./fixtures.js";

const namespace = { kind: "namespace" } as const;

/** Answers every request with `status` at once until nothing waits any more, and tells when each was made. */
function attemptsUntilTheEnd(stage: PushStage, status: number): readonly number[] {
  const times = stage.requests.map(() => 0);
  stage.answer({ status });
  for (let dueMs = stage.notifier.nextDueMs(); dueMs !== undefined; dueMs = stage.notifier.nextDueMs()) {
    const before = stage.requests.length;
    stage.notifier.advanceTo(dueMs);
    if (stage.requests.length === before) continue;
    times.push(dueMs - startMs);
    stage.answer({ status });
  }
  return times;
}

describe("a delivery to an endpoint", () => {
  it("EG-16: its body is an array of one event by default", () => {
    const stage = pushStage();
    stage.publish("a", "b");
    expect(stage.requests.map((request) => JSON.parse(request.body) as unknown)).toEqual([
      [gridEvent("a", { topic: "/topics/grid", metadataVersion: "1" })],
      [gridEvent("b", { topic: "/topics/grid", metadataVersion: "1" })],
    ]);
  });

  it("EG-16: a CloudEvent travels alone, or in a batch if the subscription has batching on", () => {
    const alone = pushStage({}, namespace);
    alone.publish("a");
    expect(JSON.parse(alone.requests[0]?.body ?? "")).toEqual(cloudEvent("a"));
    expect(alone.requests[0]?.headers["content-type"]).toBe("application/cloudevents+json; charset=utf-8");
    const batched = pushStage({ batching: { maxEvents: 2 } }, namespace);
    batched.publish("a");
    expect(JSON.parse(batched.requests[0]?.body ?? "")).toEqual([cloudEvent("a")]);
    expect(batched.requests[0]?.headers["content-type"]).toBe(
      "application/cloudevents-batch+json; charset=utf-8",
    );
  });

  it("EG-16: an event of the Event Grid schema is delivered as a CloudEvent to whoever asked for that", () => {
    const stage = pushStage({ schema: "cloudEvents" });
    stage.publish("a");
    expect(JSON.parse(stage.requests[0]?.body ?? "")).toEqual({
      specversion: "1.0",
      id: "a",
      source: "/topics/grid",
      subject: "orders/1",
      type: "Shop.Order",
      time: "2026-01-01T00:00:00Z",
      data: {},
    });
    expect(() => pushStage({ schema: "eventGrid" }, namespace)).toThrow("cannot be delivered");
  });

  it("EG-17: headers tell that it is a notification, of which subscription, and the delivery count from 0", () => {
    const stage = pushStage({ headers: { "X-Tenant": "eu" } });
    stage.publish("a");
    stage.answer({ status: 500 });
    stage.at(10 * second);
    expect(stage.requests.map((request) => request.headers)).toEqual(
      ["0", "1"].map((count) => ({
        "content-type": "application/json; charset=utf-8",
        "x-tenant": "eu",
        "aeg-event-type": "Notification",
        "aeg-subscription-name": "HOOK",
        "aeg-delivery-count": count,
        "aeg-metadata-version": "1",
        "aeg-data-version": "1",
      })),
    );
  });

  it("refuses more than 10 custom headers, long ones, and names of its own", () => {
    const eleven = Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`x-${index}`, ""]));
    for (const headers of [eleven, { x: "x".repeat(4_097) }, { "aeg-delivery-count": "7" }]) {
      expect(() => pushStage({ headers })).toThrow(expect.objectContaining({ condition: "badRequest" }));
    }
  });

  it.each([200, 201, 202, 203, 204])("EG-18: the answer %d ends the delivery", (status) => {
    const stage = pushStage();
    stage.publish("a");
    stage.answer({ status });
    expect(stage.subscription.pending).toBe(0);
    expect(stage.notifier.nextDueMs()).toBeUndefined();
  });

  it.each([205, 301, 429, 500])("EG-18: the answer %d is a failure", (status) => {
    const stage = pushStage();
    stage.publish("a");
    stage.answer({ status });
    stage.at(10 * second);
    expect(stage.requests).toHaveLength(2);
  });

  it("EG-19: no answer in 30 s is a failure", () => {
    const stage = pushStage();
    stage.publish("a");
    stage.at(40 * second - 1);
    expect(stage.requests).toHaveLength(1);
    stage.at(40 * second);
    expect(stage.requests).toHaveLength(2);
  });

  it.each(["SocketError", "ResolutionError"] as const)(
    "a request that ended in %s is tried again",
    (failure) => {
      const stage = pushStage({ retry: { maxAttempts: 2 } });
      stage.publish("a");
      stage.answer({ failure });
      stage.at(10 * second);
      stage.answer({ failure });
      expect(stage.letters).toMatchObject([{ lastDeliveryOutcome: failure, deliveryAttempts: 2 }]);
    },
  );

  it("a success up to three minutes late takes the retry back", () => {
    const stage = pushStage();
    stage.publish("a");
    const [first] = stage.requests;
    stage.at(35 * second);
    stage.notifier.answer(first?.id ?? "", { status: 200 });
    expect(stage.subscription.pending).toBe(0);
    stage.at(hour);
    expect(stage.requests).toHaveLength(1);
  });

  it("a late failure, an answer later than three minutes and an unknown request change nothing", () => {
    const stage = pushStage();
    stage.publish("a", "b");
    const [a = "", b = ""] = stage.requests.map((request) => request.id);
    stage.at(35 * second);
    stage.notifier.answer(a, { status: 400 });
    stage.notifier.answer("another", { status: 200 });
    stage.at(3 * minute);
    stage.notifier.answer(b, { status: 200 });
    expect(stage.subscription.pending).toBe(2);
  });

  it("at most so many requests wait at a time, and an answer given at once sends the next without recursion", () => {
    const held = pushStage({ maxConcurrentRequests: 2 });
    held.publish("a", "b", "c");
    expect(held.requests).toHaveLength(2);
    held.answer({ status: 200 });
    expect(held.requests.map(idsIn)).toEqual([["a"], ["b"], ["c"]]);

    let delivered = 0;
    const notifier = createNotifier({
      startMs,
      deliver: ({ id }) => {
        delivered += 1;
        notifier.answer(id, { status: 200 });
      },
    });
    notifier.createTopic("grid");
    notifier.createPushSubscription("grid", "hook", {
      endpoint: "",
      validation: "none",
      maxConcurrentRequests: 1,
    });
    for (let batch = 0; batch < 20; batch++) {
      notifier.publishEvents(
        "grid",
        Array.from({ length: 1_000 }, (_, index) => cloudEvent(String(index))),
      );
    }
    expect(delivered).toBe(20_000);
  });
});

describe("retries of a push subscription", () => {
  it.each([400, 401, 403, 413])("EG-20: %d from a webhook is not retried", (status) => {
    const stage = pushStage();
    stage.publish("a");
    expect(attemptsUntilTheEnd(stage, status)).toEqual([0]);
    expect(stage.letters).toMatchObject([{ deliveryAttempts: 1, lastHttpStatusCode: status }]);
  });

  it("EG-20: 401 from another Azure resource is retried after 5 min, 400, 403 and 413 are not", () => {
    for (const [status, attempts] of [
      [400, 1],
      [401, 2],
      [403, 1],
      [413, 1],
    ] as const) {
      const stage = pushStage({ destination: "azureResource" });
      stage.publish("a");
      stage.answer({ status });
      stage.at(5 * minute);
      expect(stage.requests).toHaveLength(attempts);
    }
  });

  it.each([
    ["EG-21", 404, 5 * minute],
    ["EG-22", 408, 2 * minute],
    ["EG-22", 503, 30 * second],
    ["EG-22", 500, 10 * second],
  ])("%s: after %d the next attempt waits at least %d ms", (_, status, waitMs) => {
    const stage = pushStage();
    stage.publish("a");
    stage.answer({ status });
    stage.at(waitMs - 1);
    expect(stage.requests).toHaveLength(1);
    stage.at(waitMs);
    expect(stage.requests).toHaveLength(2);
  });

  it("EG-23: attempts follow the schedule 10 s, 30 s, 1 m, 5 m, 10 m, 30 m, 1 h, 3 h, 6 h, 12 h", () => {
    const stage = pushStage();
    stage.publish("a");
    const times = attemptsUntilTheEnd(stage, 500);
    const waits = times.map((time, index) => time - (times[index - 1] ?? 0)).slice(1);
    expect(waits).toEqual([
      10 * second,
      30 * second,
      minute,
      5 * minute,
      10 * minute,
      30 * minute,
      hour,
      3 * hour,
      6 * hour,
      12 * hour,
    ]);
  });

  it("EG-23: in a namespace the schedule is 10 s, 30 s, 1 m, and then every 5 m, for 10 attempts", () => {
    const stage = pushStage({}, namespace);
    stage.publish("a");
    const times = attemptsUntilTheEnd(stage, 500);
    expect(times.map((time) => time / second)).toEqual([
      0, 10, 40, 100, 400, 700, 1_000, 1_300, 1_600, 1_900,
    ]);
    expect(stage.letters.map(deadLetterRecord)).toMatchObject([
      {
        deadLetterProperties: {
          deadletterreason: "Maximum delivery attempts was exceeded.",
          deliveryattempts: 10,
        },
        event: cloudEvent("a"),
      },
    ]);
  });

  it("EG-23: jitter adds a share of the delay that a named draw chooses", () => {
    const drawn: string[] = [];
    let sent = 0;
    const draw = (name: string): number => {
      drawn.push(name);
      return 0.5;
    };
    const notifier = createNotifier({
      startMs,
      jitterRatio: 0.2,
      draw,
      deliver: ({ id }) => {
        sent += 1;
        notifier.answer(id, { status: 500 });
      },
    });
    notifier.createTopic("grid");
    notifier.createPushSubscription("grid", "hook", { endpoint: "", validation: "none" });
    notifier.publishEvents("grid", [cloudEvent("a")]);
    notifier.advanceTo(startMs + 11 * second - 1);
    expect(sent).toBe(1);
    notifier.advanceTo(startMs + 11 * second);
    expect(sent).toBe(2);
    expect(drawn).toEqual(["jitter grid/hook a#1", "jitter grid/hook a#2"]);
  });

  it.each([1, 4, 30])("EG-24: no attempt is made after maxAttempts = %d", (maxAttempts) => {
    const stage = pushStage({ retry: { maxAttempts, eventTtlMinutes: 1_440 }, destination: "webhook" });
    stage.publish("a");
    const times = attemptsUntilTheEnd(stage, 500);
    // A day has room for eleven attempts of the schedule.
    expect(times).toHaveLength(Math.min(maxAttempts, 11));
    expect(stage.letters).toMatchObject([
      { reason: maxAttempts > 11 ? "TimeToLiveExceeded" : "MaxDeliveryAttemptsExceeded" },
    ]);
  });

  it("EG-24: attempts are bounded by 30, in a namespace by 10", () => {
    expect(() => pushStage({ retry: { maxAttempts: 31 } })).toThrow("from 1 to 30");
    expect(() => pushStage({ retry: { maxAttempts: 0 } })).toThrow("from 1 to 30");
    expect(() => pushStage({ retry: { maxAttempts: 11 } }, namespace)).toThrow("from 1 to 10");
  });

  it("EG-25: the time to live is looked at only when an attempt is due: 30 min with 10 attempts make 6", () => {
    const stage = pushStage({ retry: { maxAttempts: 10, eventTtlMinutes: 30 } });
    stage.publish("a");
    stage.answer({ status: 500 });
    for (const due of [10, 40, 100, 400, 1_000]) {
      stage.at(due * second);
      stage.answer({ status: 500 });
    }
    stage.at(45 * minute);
    expect(stage.requests).toHaveLength(6);
    expect(stage.letters).toEqual([]);
    stage.at(47 * minute);
    expect(stage.requests).toHaveLength(6);
    expect(stage.letters).toMatchObject([{ reason: "TimeToLiveExceeded", deliveryAttempts: 6 }]);
    expect(() => pushStage({ retry: { eventTtlMinutes: 1_441 } })).toThrow("from 1 to 1440");
  });
});

describe("giving a pushed event up", () => {
  it("EG-26: a failed event is dropped when there is no dead-letter sink", () => {
    const requests: string[] = [];
    const notifier = createNotifier({ startMs, deliver: ({ id }) => void requests.push(id) });
    notifier.createTopic("grid");
    const subscription = notifier.createPushSubscription("grid", "hook", {
      endpoint: "",
      validation: "none",
    });
    notifier.publishEvents("grid", [cloudEvent("a")]);
    notifier.answer(requests[0] ?? "", { status: 400 });
    expect(subscription.pending).toBe(0);
    expect(notifier.nextDueMs()).toBeUndefined();
  });

  it("EG-27: a dead-letter record is the event with reason, attempts, outcome and times", () => {
    const stage = pushStage({ retry: { maxAttempts: 2 } });
    stage.publish("a");
    stage.at(second);
    stage.answer({ status: 404 });
    stage.at(5 * minute + second);
    stage.answer({ status: 404 });
    expect(stage.letters.map(deadLetterRecord)).toEqual([
      {
        ...gridEvent("a", { topic: "/topics/grid", metadataVersion: "1" }),
        deadLetterReason: "MaxDeliveryAttemptsExceeded",
        deliveryAttempts: 2,
        lastDeliveryOutcome: "NotFound",
        lastHttpStatusCode: 404,
        publishTime: "2026-01-01T00:00:00.000Z",
        lastDeliveryAttemptTime: "2026-01-01T00:05:01.000Z",
      },
    ]);
  });

  it("EG-27: the members are lower case in a CloudEvent, and a time-out has no status", () => {
    const stage = pushStage({ retry: { maxAttempts: 1 } }, { kind: "custom" });
    stage.publish("a");
    stage.at(30 * second);
    expect(stage.letters.map(deadLetterRecord)).toEqual([
      cloudEvent("a", {
        deadletterreason: "MaxDeliveryAttemptsExceeded",
        deliveryattempts: 1,
        lastdeliveryoutcome: "TimedOut",
        publishtime: "2026-01-01T00:00:00.000Z",
        lastdeliveryattempttime: "2026-01-01T00:00:00.000Z",
      }),
    ]);
  });

  it.each([
    [{ status: 400 }, "BadRequest"],
    [{ status: 401 }, "Unauthorized"],
    [{ status: 403 }, "Forbidden"],
    [{ status: 404 }, "NotFound"],
    [{ status: 408 }, "TimedOut"],
    [{ status: 413 }, "PayloadTooLarge"],
    [{ status: 503 }, "Busy"],
    [{ failure: "SocketError" }, "SocketError"],
  ] as const)("EG-27: the last outcome of %o is %s", (answer: DeliveryAnswer, outcome) => {
    const stage = pushStage({ retry: { maxAttempts: 1 } });
    stage.publish("a");
    stage.answer(answer);
    expect(stage.letters).toMatchObject([{ lastDeliveryOutcome: outcome }]);
  });

  it.each([
    [400, "UndeliverableDueToHttpBadRequest"],
    [413, "UndeliverableDueToClientError"],
  ])("EG-28: %d dead-letters at once", (status, reason) => {
    const stage = pushStage();
    stage.publish("a");
    stage.answer({ status });
    expect(stage.letters).toMatchObject([{ reason, deliveryAttempts: 1 }]);
  });

  it("EG-29: a dead letter is written five minutes later", () => {
    const letters: string[] = [];
    const deadLetter = ({ eventId }: { readonly eventId: string }): undefined => void letters.push(eventId);
    let requestId = "";
    const notifier = createNotifier({ startMs, deliver: ({ id }) => (requestId = id) });
    notifier.createTopic("grid", { kind: "custom", schema: "eventGrid" });
    notifier.createPushSubscription("grid", "hook", { endpoint: "", validation: "none", deadLetter });
    notifier.publishEvents("grid", [gridEvent("a")]);
    notifier.answer(requestId, { status: 400 });
    notifier.advanceTo(startMs + 5 * minute - 1);
    expect(letters).toEqual([]);
    notifier.advanceTo(startMs + 5 * minute);
    expect(letters).toEqual(["a"]);
  });

  it("a sink that cannot store is tried again every five minutes, for four hours", () => {
    const tries: number[] = [];
    const refusing: PushStage = pushStage({
      deadLetter: () => {
        tries.push(refusing.notifier.nextDueMs() ?? 0);
        return false;
      },
    });
    refusing.publish("a");
    refusing.answer({ status: 400 });
    refusing.at(24 * hour);
    expect(tries).toHaveLength(49);

    const answers = [false, undefined];
    let written = 0;
    const recovering = pushStage({
      deadLetter: () => {
        written += 1;
        return answers.shift();
      },
    });
    recovering.publish("a");
    recovering.answer({ status: 400 });
    recovering.at(hour);
    expect(written).toBe(2);
  });
});

describe("batches of a push subscription", () => {
  it("EG-30: a batch never exceeds maxEvents, and does not wait to fill", () => {
    const stage = pushStage({ batching: { maxEvents: 3 } });
    stage.publish("a", "b", "c", "d");
    expect(stage.requests.map(idsIn)).toEqual([["a", "b", "c"], ["d"]]);
    expect(() => pushStage({ batching: { maxEvents: 5_001 } })).toThrow("from 1 to 5000");
    expect(() => pushStage({ batching: { preferredKb: 1_025 } })).toThrow("from 1 to 1024");
  });

  it("EG-30: a batch keeps to the preferred size, and a single larger event still goes, alone", () => {
    const stage = pushStage({ batching: { maxEvents: 10, preferredKb: 1 } });
    const event = (id: string, length: number) => gridEvent(id, { data: "x".repeat(length) });
    stage.notifier.publishEvents("grid", [
      event("a", 100),
      event("huge", 5_000),
      event("b", 200),
      event("c", 200),
      event("d", 600),
    ]);
    expect(stage.requests.map(idsIn)).toEqual([["a"], ["huge"], ["b", "c"], ["d"]]);
  });

  it("EG-31: one failing event fails the batch, which is retried together", () => {
    const stage = pushStage({ batching: { maxEvents: 3 } });
    stage.publish("a", "b");
    stage.answer({ status: 500 });
    stage.at(10 * second);
    expect(stage.requests.map(idsIn)).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    stage.answer({ status: 400 });
    expect(stage.letters.map((letter) => letter.eventId)).toEqual(["a", "b"]);
  });
});

describe("disorder", () => {
  const everything = Array.from({ length: 100 }, (_, index) => String(index));

  /** A deterministic spread of draws, so that a failure repeats. */
  const spread = (): ((name: string) => number) => {
    let count = 0;
    return () => (count++ * 0.618) % 1;
  };

  it("EG-32: in shuffle mode order is lost, but no event", () => {
    const pushed: string[] = [];
    const notifier = createNotifier({
      startMs,
      draw: spread(),
      shuffleWindow: 8,
      deliver: (request) => void pushed.push(...idsIn(request)),
    });
    notifier.createTopic("grid");
    const subscription = notifier.createPullSubscription("grid", "pull");
    notifier.createPushSubscription("grid", "hook", {
      endpoint: "",
      validation: "none",
      maxConcurrentRequests: 100,
    });
    notifier.publishEvents(
      "grid",
      everything.map((id) => cloudEvent(id)),
    );
    const pulled = subscription.take(100).map((one) => one.eventId);
    for (const ids of [pushed, pulled]) {
      expect(ids).not.toEqual(everything);
      expect(ids.toSorted((a, b) => Number(a) - Number(b))).toEqual(everything);
    }
  });

  it("EG-33: in duplicate mode an event may be delivered twice", () => {
    const options = { startMs, draw: (name: string) => (name === "duplicate grid/pull b" ? 0.1 : 0.9) };
    const notifier = createNotifier({ ...options, duplicateProbability: 0.5 });
    notifier.createTopic("grid");
    const subscription = notifier.createPullSubscription("grid", "pull");
    notifier.publishEvents("grid", [cloudEvent("a"), cloudEvent("b")]);
    expect(subscription.take(10).map((one) => one.eventId)).toEqual(["a", "b", "b"]);
  });

  it("refuses disorder without draws, and push subscriptions without a way out", () => {
    expect(() => createNotifier({ startMs, shuffleWindow: 2 })).toThrow("Give `draw`");
    const notifier = createNotifier({ startMs });
    notifier.createTopic("grid");
    expect(() => notifier.createPushSubscription("grid", "hook", { endpoint: "" })).toThrow("Give `deliver`");
  });

  it("deleting a push subscription forgets its events", () => {
    const stage = pushStage();
    stage.publish("a", "b");
    stage.answer({ status: 500 });
    stage.notifier.deleteSubscription("grid", "hook");
    stage.at(24 * hour);
    expect(stage.requests).toHaveLength(2);
    expect(stage.subscription.pending).toBe(0);
    expect(stage.notifier.nextDueMs()).toBeUndefined();
    expect(stage.letters).toEqual([]);
  });
});
