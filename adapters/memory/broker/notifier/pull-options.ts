import { BrokerError } from "../broker-error.js";
import type { DeadLetterSink } from "./dead-letter.js";
import type { FilterDescription } from "./filter.js";

/** Options of a pull subscription. Source: namespace QueueInfo, `2024-06-01`. */
export interface PullOptions {
  readonly filter?: FilterDescription;
  /** How long a received event is hidden from other receivers, 60 000 to 300 000. Default 60 000. */
  readonly receiveLockDurationMs?: number;
  /** Receives before an event that was not acknowledged is dead-lettered, 1 to 10. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Age at which an event is dead-lettered, up to the topic's retention. Default: the topic's retention. */
  readonly eventTimeToLiveMs?: number;
  /** Where rejected, expired and exhausted events go. Without it they are dropped. */
  readonly deadLetter?: DeadLetterSink;
}

/** The same with every default filled in. */
export interface PullSettings {
  readonly receiveLockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly eventTimeToLiveMs: number;
  readonly deadLetter: DeadLetterSink | undefined;
}

/** @throws {BrokerError} `badRequest` for a number out of its bounds. */
export function pullSettings(options: PullOptions, retentionMs: number): PullSettings {
  return {
    receiveLockDurationMs: within(
      "receiveLockDurationMs",
      options.receiveLockDurationMs ?? 60_000,
      60_000,
      300_000,
    ),
    maxDeliveryCount: within("maxDeliveryCount", options.maxDeliveryCount ?? 10, 1, 10),
    eventTimeToLiveMs: within("eventTimeToLiveMs", options.eventTimeToLiveMs ?? retentionMs, 1, retentionMs),
    deadLetter: options.deadLetter,
  };
}

/** Returns a whole number that lies within its bounds. */
export function within(name: string, value: number, from: number, to: number): number {
  if (Number.isInteger(value) && value >= from && value <= to) return value;
  throw new BrokerError(
    "badRequest",
    `${name} must be a whole number from ${from} to ${to}, not ${String(value)}.`,
  );
}
