import type { EntityProperties } from "../../../../adapters/memory/broker/administration-door.js";
import type { EmulatorClock } from "../../clock.js";
import type { XmlContent } from "./xml.js";

type Counted = Pick<EntityProperties<object>, "counts">;
type Timed = Pick<EntityProperties<object>, "createdMs" | "updatedMs" | "accessedMs">;

/** Counts by kind. The client throws unless `CountDetails` has exactly one attribute, which declares the prefix. */
export function countElements({ counts }: Counted): {
  readonly MessageCount: string;
  readonly CountDetails: XmlContent;
} {
  const { active, deferred, scheduled, deadLetter } = counts;
  return {
    MessageCount: String(active + deferred + scheduled + deadLetter),
    CountDetails: {
      $: { "xmlns:d2p1": "http://schemas.microsoft.com/netservices/2011/06/servicebus" },
      // Deferred messages have no count of their own and are among the active ones.
      "d2p1:ActiveMessageCount": String(active + deferred),
      "d2p1:DeadLetterMessageCount": String(deadLetter),
      "d2p1:ScheduledMessageCount": String(scheduled),
      "d2p1:TransferMessageCount": "0",
      "d2p1:TransferDeadLetterMessageCount": "0",
    },
  };
}

/** Times as the client's clock has them. */
export function timeElements(
  { createdMs, updatedMs, accessedMs }: Timed,
  clock: EmulatorClock,
): { readonly CreatedAt: string; readonly UpdatedAt: string; readonly AccessedAt: string } {
  const text = (ms: number): string => new Date(clock.toWire(ms)).toISOString();
  return {
    CreatedAt: text(createdMs),
    UpdatedAt: text(updatedMs),
    AccessedAt: accessedMs === undefined ? "0001-01-01T00:00:00Z" : text(accessedMs),
  };
}
