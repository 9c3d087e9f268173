import { describe, expect, it } from "vitest";
import type { DeadLetter } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import { createNotifier, type Notifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import type { DeliveryRequest } from "../../../../adapters/memory/broker/notifier/push-request.js";
import type { Topic } from "../../../../adapters/memory/broker/notifier/topic.js";
import {
  restoreTopics,
  snapshotTopics,
  type NotifierSnapshot,
} from "../../../../adapters/memory/broker/snapshot/notifier-snapshot.js";
import { fromPlain, toPlain } from "../../../../adapters/memory/broker/snapshot/plain-value.js";
import { cloudEvent, minute, second, startMs } from "../notifier/fixtures.js";

interface Stage {
  readonly notifier: Notifier;
  readonly topics: Map<string, Topic>;
  readonly requests: DeliveryRequest[];
  readonly letters: DeadLetter[];
}

function stage(nowMs = startMs): Stage {
  const topics = new Map<string, Topic>();
  const requests: DeliveryRequest[] = [];
  const deliver = (request: DeliveryRequest): void => void requests.push(request);
  return { topics, requests, letters: [], notifier: createNotifier({ startMs: nowMs, deliver }, topics) };
}

function reborn({ topics }: Stage, nowMs = startMs): Stage {
  const text = JSON.stringify(toPlain(snapshotTopics(topics)));
  const next = stage(nowMs);
  restoreTopics(next.notifier, fromPlain(JSON.parse(text) as never) as NotifierSnapshot, () => (letter) => {
    next.letters.push(letter);
    return undefined;
  });
  return next;
}

const ids = (notifier: Notifier, count: number): string[] =>
  notifier
    .pullSubscription("orders", "audit")
    .take(count)
    .map(({ eventId, deliveryCount }) => `${eventId}#${deliveryCount}`);

describe("restored Event Grid topics", () => {
  it("hand out what was ready, and what was locked as if it had not been received", () => {
    const before = stage();
    before.notifier.createTopic("orders", { keys: ["a2V5"] });
    const subscription = before.notifier.createPullSubscription("orders", "audit");
    before.notifier.publishEvents(
      "orders",
      ["1", "2", "3"].map((id) => cloudEvent(id)),
    );
    const [first, other] = subscription.take(2);
    subscription.release([first?.lockToken ?? ""], 10);
    expect(other?.eventId).toBe("2");
    const { notifier } = reborn(before);
    expect(notifier.pullSubscription("orders", "audit").counts).toEqual({ ready: 2, locked: 0, delayed: 1 });
    expect(ids(notifier, 3)).toEqual(["3#1", "2#1"]);
    notifier.advanceTo(startMs + 10 * second);
    expect(ids(notifier, 3)).toEqual(["1#2"]);
    expect(() => notifier.authorize("orders", { url: "/", headers: {} })).toThrow(/aeg-sas-key/);
  });

  it("keep filters, and find the place of their dead letters again", () => {
    const before = stage();
    before.notifier.createTopic("orders");
    before.notifier.createPullSubscription("orders", "audit", {
      filter: { includedEventTypes: ["shop.refund"] },
      deadLetter: () => undefined,
    });
    const after = reborn(before);
    after.notifier.publishEvents("orders", [cloudEvent("1"), cloudEvent("2", { type: "shop.refund" })]);
    const subscription = after.notifier.pullSubscription("orders", "audit");
    const [delivery] = subscription.take(5);
    subscription.reject([delivery?.lockToken ?? ""]);
    expect(after.letters.map(({ eventId }) => eventId)).toEqual(["2"]);
  });

  it("send again what was on its way, and wait for the next attempt of what had failed", () => {
    const before = stage();
    before.notifier.createTopic("orders");
    const endpoint = "http://127.0.0.1/hook";
    before.notifier.createPushSubscription("orders", "hook", { endpoint, validation: "none" });
    before.notifier.publishEvents("orders", [cloudEvent("failed")]);
    before.notifier.answer(before.requests[0]?.id ?? "", { status: 503 });
    before.notifier.publishEvents("orders", [cloudEvent("sending")]);
    const after = reborn(before);
    expect(after.requests.map(({ body }) => body)).toEqual([expect.stringContaining("sending")]);
    after.notifier.advanceTo(startMs + minute);
    expect(after.requests.map(({ body }) => body).join()).toContain("failed");
  });

  it("ask an endpoint again that had not consented yet", () => {
    const before = stage();
    before.notifier.createTopic("orders");
    before.notifier.createPushSubscription("orders", "hook", { endpoint: "http://127.0.0.1/hook" });
    expect(reborn(before).requests.map(({ method }) => method)).toEqual(["OPTIONS"]);
  });
});
