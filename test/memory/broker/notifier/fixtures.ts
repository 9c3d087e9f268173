import type { DeadLetter } from "../../../../adapters/memory/broker/notifier/dead-letter.js";
import type { JsonObject } from "../../../../adapters/memory/broker/notifier/json.js";
import { createNotifier, type Notifier } from "../../../../adapters/memory/broker/notifier/notifier.js";
import type { PullOptions } from "../../../../adapters/memory/broker/notifier/pull-options.js";
import type { PullSubscription } from "../../../../adapters/memory/broker/notifier/pull-subscription.js";

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
  publish(...ids: readonly string[]): void;
  /** Moves the clock to so many milliseconds after the start. */
  at(ms: number): void;
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
