import type { LinkRequest } from "../engine/engine.js";

// Names as `@azure/event-hubs` 6.0.4 and `@azure/core-amqp` 4.4 have them.

/** Offsets are text: the client asks for it, and would take them for numbers of an older service otherwise. */
const geoReplication = "com.microsoft:georeplication";
export const idempotentProducer = "com.microsoft:idempotent-producer";
export const runtimeMetric = "com.microsoft:enable-receiver-runtime-metric";

/** What the client desires and we have. */
export function offered({ desiredCapabilities }: LinkRequest, ...ours: readonly string[]): readonly string[] {
  return [geoReplication, ...ours].filter((capability) => desiredCapabilities.includes(capability));
}
