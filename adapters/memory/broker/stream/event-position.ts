import { firstSequenceNumber, searchLog, type PartitionLog } from "./partition-log.js";
import { invalidArgument } from "./stream-errors.js";

/** Where a reader begins. Without `inclusive` an offset or sequence number means the event after it. */
export type EventPosition =
  | { readonly offset: string; readonly inclusive?: boolean }
  | { readonly sequenceNumber: number; readonly inclusive?: boolean }
  /** Milliseconds since 1970; events enqueued strictly later. */
  | { readonly enqueuedAfterMs: number };

/** The oldest event that is retained. */
export const earliest: EventPosition = { offset: "-1" };

/** Only events that are published after the reader attached. */
export const latest: EventPosition = { offset: "@latest" };

/** A reader's start: a sequence number, and a time when events that come later must be even later than that. */
export interface Start {
  readonly sequenceNumber: number;
  readonly afterMs: number;
}

/**
 * Finds the start in a log that has been trimmed.
 *
 * @throws {BrokerError} `com.microsoft:argument-error` for a place past the last event ever stored.
 */
export function resolvePosition(log: PartitionLog, position: EventPosition): Start {
  if ("offset" in position) return from(offsetStart(log, position.offset, position.inclusive ?? false));
  if ("sequenceNumber" in position) {
    return from(sequenceStart(log, position.sequenceNumber, position.inclusive ?? false));
  }
  const afterMs = position.enqueuedAfterMs;
  return { sequenceNumber: searchLog(log, (event) => event.enqueuedTimeMs > afterMs), afterMs };
}

function from(sequenceNumber: number): Start {
  return { sequenceNumber, afterMs: -Infinity };
}

function offsetStart(log: PartitionLog, offset: string, inclusive: boolean): number {
  if (offset === "-1") return firstSequenceNumber(log);
  if (offset === "@latest") return log.nextSequenceNumber;
  const position = /^\d+$/.test(offset) ? Number(offset) : Infinity;
  if (position > log.lastPosition) {
    throw invalidArgument(
      `The supplied offset '${offset.slice(0, 100)}' is invalid. ` +
        `The last offset in the system is '${String(log.lastPosition)}'`,
    );
  }
  return searchLog(log, (event) => (inclusive ? event.position >= position : event.position > position));
}

function sequenceStart(log: PartitionLog, sequenceNumber: number, inclusive: boolean): number {
  const last = log.nextSequenceNumber - 1;
  if (!Number.isInteger(sequenceNumber) || sequenceNumber > last) {
    throw invalidArgument(
      `The supplied sequence number '${String(sequenceNumber)}' is invalid. ` +
        `The last sequence number in the system is '${String(last)}'`,
    );
  }
  return inclusive ? sequenceNumber : sequenceNumber + 1;
}
