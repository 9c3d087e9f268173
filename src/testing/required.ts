import type { Token } from "./conformance/behaviour.js";

/**
 * What each adapter must declare, written from the table of nouns in the design: declaring less is a failure of the
 * conformance run, not an excuse. An adapter that is not here may declare what it likes.
 */
export const requiredTokens: Readonly<Record<string, readonly Token[]>> = {
  memory: [
    ...(["queues", "queues:sessions", "queues:scheduling", "queues:dedup"] as const),
    ...(["topics", "topics:sessions", "topics:scheduling", "topics:dedup"] as const),
    ...(["streams", "notifications"] as const),
    ...([
      "queue:renew",
      "queue:uncountedRelease",
      "queue:defer",
      "queue:deliveryCount",
      "queue:deadLetter",
    ] as const),
    ...([
      "topic:renew",
      "topic:uncountedRelease",
      "topic:defer",
      "topic:deliveryCount",
      "topic:deadLetter",
    ] as const),
    "stream:deadLetter",
    ...(["notifications:renew", "notifications:delayedRelease"] as const),
    ...(["notifications:deliveryCount", "notifications:deadLetter"] as const),
    ...(["cancelSchedule", "sessionState", "claimCheck"] as const),
  ],
  "service-bus": [
    ...(["queues", "queues:sessions", "queues:scheduling", "queues:dedup"] as const),
    ...(["topics", "topics:sessions", "topics:scheduling", "topics:dedup"] as const),
    ...([
      "queue:renew",
      "queue:uncountedRelease",
      "queue:defer",
      "queue:deliveryCount",
      "queue:deadLetter",
    ] as const),
    ...([
      "topic:renew",
      "topic:uncountedRelease",
      "topic:defer",
      "topic:deliveryCount",
      "topic:deadLetter",
    ] as const),
    ...(["cancelSchedule", "sessionState", "durable", "credentials", "claimCheck"] as const),
  ],
  "event-hubs": ["streams", "stream:deadLetter", "durable", "credentials", "claimCheck"],
  "event-grid": [
    ...(["notifications", "notifications:renew", "notifications:delayedRelease"] as const),
    ...(["notifications:deliveryCount", "notifications:deadLetter", "durable", "credentials"] as const),
    "claimCheck",
  ],
  "storage-queue": [
    ...(["queues", "queues:scheduling", "queue:renew", "queue:delayedRelease"] as const),
    ...(["queue:deliveryCount", "queue:deadLetter"] as const),
    ...(["cancelSchedule", "durable", "credentials", "claimCheck"] as const),
  ],
};
