import type { BrokerMessage } from "../message.js";
import { StreamEvent } from "./stream-event.js";

/** The retained events of one partition, oldest first, and what is known of those that have gone. */
export interface PartitionLog {
  readonly partitionId: string;
  events: StreamEvent[];
  /** Index of the oldest retained event; those before it await compaction. */
  head: number;
  nextSequenceNumber: number;
  nextPosition: number;
  /** -1 until the first event. */
  lastPosition: number;
  lastEnqueuedTimeMs: number;
}

export interface PartitionProperties {
  readonly partitionId: string;
  /** Of the oldest retained event; that of the next event when none is retained. */
  readonly beginningSequenceNumber: number;
  /** -1 if there never was an event; kept when it expires. */
  readonly lastEnqueuedSequenceNumber: number;
  /** "-1" if there never was an event. */
  readonly lastEnqueuedOffset: string;
  /** Milliseconds since 1970. Absent if there never was an event. */
  readonly lastEnqueuedTimeMs: number | undefined;
  /** True when no event is retained. */
  readonly isEmpty: boolean;
}

export function createLog(partitionId: string): PartitionLog {
  return {
    partitionId,
    events: [],
    head: 0,
    nextSequenceNumber: 0,
    nextPosition: 0,
    lastPosition: -1,
    lastEnqueuedTimeMs: 0,
  };
}

export function appendEvent(
  log: PartitionLog,
  message: BrokerMessage,
  partitionKey: string | undefined,
  nowMs: number,
): void {
  const position = log.nextPosition;
  log.events.push(
    new StreamEvent(message, log.partitionId, log.nextSequenceNumber, position, nowMs, partitionKey),
  );
  log.nextSequenceNumber++;
  // A step that depends on the body keeps anyone from taking offsets for sequence numbers.
  log.nextPosition = position + headerBytes + message.body.byteLength;
  log.lastPosition = position;
  log.lastEnqueuedTimeMs = nowMs;
}

/** Drops the events enqueued at or before the time; constant cost per event, over its life. */
export function trimLog(log: PartitionLog, expiredAtMs: number): void {
  const { events } = log;
  let oldest = events[log.head];
  if (oldest === undefined || oldest.enqueuedTimeMs > expiredAtMs) return;
  while (oldest !== undefined && oldest.enqueuedTimeMs <= expiredAtMs) oldest = events[++log.head];
  // Moves no more events than have gone since the last time.
  if (log.head * 2 >= events.length) {
    log.events = events.slice(log.head);
    log.head = 0;
  }
}

export function firstSequenceNumber(log: PartitionLog): number {
  return log.nextSequenceNumber - (log.events.length - log.head);
}

/** The events from a sequence number on, at most `max`; from the oldest if that one has expired. */
export function readFrom(log: PartitionLog, sequenceNumber: number, max: number): StreamEvent[] {
  const first = firstSequenceNumber(log);
  const start = log.head + Math.max(sequenceNumber - first, 0);
  return log.events.slice(start, start + max);
}

/** The first event of {@link readFrom}. */
export function eventFrom(log: PartitionLog, sequenceNumber: number): StreamEvent | undefined {
  return log.events[log.head + Math.max(sequenceNumber - firstSequenceNumber(log), 0)];
}

/** Sequence number of the first retained event for which `isAfter` holds; it must not hold before one where it does not. */
export function searchLog(log: PartitionLog, isAfter: (event: StreamEvent) => boolean): number {
  let low = log.head;
  let high = log.events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const event = log.events[middle];
    if (event !== undefined && isAfter(event)) high = middle;
    else low = middle + 1;
  }
  return firstSequenceNumber(log) + (low - log.head);
}

export function partitionProperties(log: PartitionLog): PartitionProperties {
  return {
    partitionId: log.partitionId,
    beginningSequenceNumber: firstSequenceNumber(log),
    lastEnqueuedSequenceNumber: log.nextSequenceNumber - 1,
    lastEnqueuedOffset: String(log.lastPosition),
    lastEnqueuedTimeMs: log.lastPosition === -1 ? undefined : log.lastEnqueuedTimeMs,
    isEmpty: log.head === log.events.length,
  };
}

const headerBytes = 40;
