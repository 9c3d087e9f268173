import type { ChannelSettings } from "../../src/transport/index.js";

/** What an entity is made of, in the SDK's words, as far as contracts say it. */
export type EntitySettings = Readonly<Record<string, string | number | boolean>>;

export const queueSettings = (settings: ChannelSettings): EntitySettings => ({
  ...topicSettings(settings),
  ...subscriptionSettings(settings),
});

export const topicSettings = ({ dedupWindowMs, ttlMs }: ChannelSettings): EntitySettings => ({
  ...(ttlMs === undefined ? {} : { defaultMessageTimeToLive: isoDuration(ttlMs) }),
  ...(dedupWindowMs === undefined
    ? {}
    : { requiresDuplicateDetection: true, duplicateDetectionHistoryTimeWindow: isoDuration(dedupWindowMs) }),
});

/** Expired messages are dead-lettered: nothing is lost in silence. */
export const subscriptionSettings = ({
  ordered,
  lockMs,
  maxDeliveries,
  ttlMs,
}: ChannelSettings): EntitySettings => ({
  requiresSession: ordered,
  deadLetteringOnMessageExpiration: true,
  ...(lockMs === undefined ? {} : { lockDuration: isoDuration(lockMs) }),
  ...(maxDeliveries === undefined ? {} : { maxDeliveryCount: maxDeliveries }),
  ...(ttlMs === undefined ? {} : { defaultMessageTimeToLive: isoDuration(ttlMs) }),
});

/** As the service writes it back, so that the two can be compared: `P1DT2H3M4S`, without parts that are zero. */
export function isoDuration(ms: number): string {
  const parts = [
    [Math.floor((ms % dayMs) / hourMs), "H"],
    [Math.floor((ms % hourMs) / minuteMs), "M"],
    [(ms % minuteMs) / 1_000, "S"],
  ] as const;
  const days = Math.floor(ms / dayMs);
  const time = parts.map(([count, unit]) => (count > 0 ? `${String(count)}${unit}` : "")).join("");
  if (days === 0) return `PT${time === "" ? "0S" : time}`;
  return `P${String(days)}D${time === "" ? "" : `T${time}`}`;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
