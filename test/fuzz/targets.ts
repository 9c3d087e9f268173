import type { Target } from "./target.js";
import { amqpMessages } from "./targets/amqp-messages.js";
import { cloudEvents } from "./targets/cloud-events.js";
import { deadLetters } from "./targets/dead-letters.js";
import { durations } from "./targets/durations.js";
import { eventFilters } from "./targets/event-filters.js";
import { headers } from "./targets/headers.js";
import { jsonBodies } from "./targets/json-bodies.js";
import { publishDoor } from "./targets/publish-door.js";
import { pushedEvents } from "./targets/pushed-events.js";
import { queueTexts } from "./targets/queue-texts.js";
import { redaction } from "./targets/redaction.js";
import { sqlActions, sqlFilters } from "./targets/sql-rules.js";

/** Every parser that meets outside data. Connection strings are not among them: nothing of ours reads any yet. */
export const targets: readonly Target[] = [
  sqlFilters,
  sqlActions,
  jsonBodies,
  amqpMessages,
  headers,
  cloudEvents,
  durations,
  deadLetters,
  redaction,
  eventFilters,
  publishDoor,
  pushedEvents,
  queueTexts,
];
