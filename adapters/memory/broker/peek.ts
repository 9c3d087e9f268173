import type { Kernel } from "./kernel.js";
import { findFrom } from "./ledger.js";
import type { BrokerMessage } from "./message.js";
import { never, place, type MessageRecord, type MessageState } from "./record.js";
import type { MessageStore } from "./store.js";

export interface PeekOptions {
  /** The lowest number to show. Default 0, the oldest message. To go on, give the last number plus one. */
  readonly fromSequenceNumber?: number;
  /** Default 1. */
  readonly count?: number;
  /** Only messages of this session. */
  readonly sessionId?: string;
}

/** A look at a stored message, without lock. */
export interface PeekedMessage {
  readonly message: BrokerMessage;
  readonly sequenceNumber: number;
  readonly enqueuedSequenceNumber: number | undefined;
  readonly enqueuedTimeMs: number;
  readonly expiresAtMs: number | undefined;
  readonly deliveryCount: number;
  /** Active 0, deferred 1, scheduled 2. */
  readonly state: MessageState;
  readonly deadLetterSource: string | undefined;
  /** Whoever asked would get it: it is active, and neither it nor its session is locked. */
  readonly isWaiting: boolean;
}

/** Messages in sequence order, in whatever state, locked and expired ones too. Changes nothing. */
export function peek(kernel: Kernel, store: MessageStore, options: PeekOptions): PeekedMessage[] {
  const { fromSequenceNumber = 0, count = 1, sessionId } = options;
  const seen: PeekedMessage[] = [];
  let record = findFrom(store.ledger, fromSequenceNumber);
  for (; record !== undefined && seen.length < count; record = record.ledgerNext) {
    if (sessionId === undefined || record.message.sessionId === sessionId) seen.push(look(kernel, record));
  }
  return seen;
}

function look({ startMs }: Kernel, record: MessageRecord): PeekedMessage {
  return {
    message: record.message,
    sequenceNumber: record.sequenceNumber,
    enqueuedSequenceNumber: record.origin.enqueuedSequenceNumber || undefined,
    enqueuedTimeMs: startMs + record.enqueuedMs,
    expiresAtMs: record.expiresMs === never ? undefined : startMs + record.expiresMs,
    deliveryCount: record.deliveryCount,
    state: record.state,
    deadLetterSource: record.origin.deadLetterSource,
    isWaiting: isWaiting(record),
  };
}

const isWaiting = ({ place: where, lane }: MessageRecord): boolean =>
  (where === place.fresh || where === place.returned) && lane.session?.holder === undefined;
