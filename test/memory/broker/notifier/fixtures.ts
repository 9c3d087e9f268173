import type { DeadLetter } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { DeliveryAnswer } from "../../../../adapters/memory/broker/notifier/delivery-rules.js";
import type { JsonObject } from "../../../../adapters/memory/broker/notifier/json.js";
import { createNotifier, type Notifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import type { PullOptions } from "../../../../adapters/memory/broker/notifier/pull-options.js";
import type { PullSubscription } from "../../../../adapters/memory/broker/notifier/pull-subscription.js";
import type { PushOptions } from "../../../../adapters/memory/broker/notifier/push-options.js";
import type { DeliveryRequest } from "../../../../adapters/memory/broker/notifier/push-request.js";
import type { PushSubscription } from "../../../../adapters/memory/broker/notifier/push-subscription.js";
import type { TopicOptions } from "../../../../adapters/memory/broker/notifier/topic.js";

export const startMs = Date.UTC(2026, 0, 1);
export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;

export function cloudEvent(id: string, more: JsonObject = {}): JsonObject {
  return { specversion: "1.0", id, source: "/shop", type: "shop.order", ...more };
}

export function gridEvent(id: string, more: JsonObject = {}): JsonObject {
  const eventTime = "2026-01-01T00:00:00Z";
  return { id, subject: "orders/1", eventType: "Shop.Order", eventTime, dataVersion: "1", data: {}, ...more };
}

export interface PullStage {
  readonly notifier: Notifier;
  readonly subscription: PullSubscription;
  readonly letters: DeadLetter[];
  readonly publish: (...ids: readonly string[]) => void;
  /** Moves the clock to so many milliseconds after the start. */
  readonly at: (ms: number) => void;
}

/** A namespace topic `orders` with one pull subscription `audit`. */
export function pullStage(options: PullOptions = {}): PullStage {
  const notifier = createNotifier({ startMs });
  const letters: DeadLetter[] = [];
  notifier.createTopic("orders");
  const deadLetter = (letter: DeadLetter): undefined => void letters.push(letter);
  const subscription = notifier.createPullSubscription("orders", "audit", { deadLetter, ...options });
  return {
    notifier,
    subscription,
    letters,
    publish: (...ids) => {
      notifier.publishEvents(
        "orders",
        ids.map((id) => cloudEvent(id)),
      );
    },
    at: (ms) => {
      notifier.advanceTo(startMs + ms);
    },
  };
}

export interface PushStage {
  readonly notifier: Notifier;
  readonly subscription: PushSubscription;
  /** Every request so far, oldest first. */
  readonly requests: DeliveryRequest[];
  readonly letters: DeadLetter[];
  readonly publish: (...ids: readonly string[]) => void;
  /** Answers the newest request. */
  readonly answer: (answer: DeliveryAnswer) => void;
  readonly at: (ms: number) => void;
}

/** A topic `grid` of the Event Grid schema with one trusted push subscription `hook`. */
export function pushStage(options: Partial<PushOptions> = {}, topic: TopicOptions = customTopic): PushStage {
  const requests: DeliveryRequest[] = [];
  const letters: DeadLetter[] = [];
  const notifier = createNotifier({ startMs, deliver: (request) => void requests.push(request) });
  const deadLetter = (letter: DeadLetter): undefined => void letters.push(letter);
  notifier.createTopic("grid", topic);
  const subscription = notifier.createPushSubscription("grid", "hook", {
    endpoint: "http://localhost/hook",
    validation: "none",
    deadLetter,
    deadLetterDelayMs: 0,
    ...options,
  });
  return {
    notifier,
    subscription,
    requests,
    letters,
    publish: (...ids) => {
      notifier.publishEvents(
        "grid",
        ids.map(topic.schema === "eventGrid" ? (id) => gridEvent(id) : (id) => cloudEvent(id)),
      );
    },
    answer: (answer) => {
      notifier.answer(requests.at(-1)?.id ?? "none", answer);
    },
    at: (ms) => {
      notifier.advanceTo(startMs + ms);
    },
  };
}

const customTopic: TopicOptions = { kind: "custom", schema: "eventGrid", resourceId: "/topics/grid" };

/** The ids of the events that a request delivers. */
export function idsIn(request: DeliveryRequest | undefined): readonly string[] {
  const body = JSON.parse(request?.body ?? "[]") as
    { readonly id: string } | readonly { readonly id: string }[];
  return ("id" in body ? [body] : body).map((event) => event.id);
}
