import type { BrokerMessage } from "./message.js";
import type { Lane } from "./lane.js";
import type { MessageStore } from "./store.js";
import type { Timed } from "./kernel.js";
import { notArmed, type TimerNode } from "./timer-wheel.js";
import type { ListNode } from "./linked-list.js";
import type { Attachment } from "./attachment.js";

/** The states of a stored message, numbered as on the wire (`x-opt-message-state`). */
export const messageState = { active: 0, deferred: 1, scheduled: 2 } as const;

export type MessageState = (typeof messageState)[keyof typeof messageState];

/** Which list of its lane holds a record; `none` for deferred, scheduled and removed messages. */
export const place = { none: 0, fresh: 1, returned: 2, locked: 3 } as const;

export type Place = (typeof place)[keyof typeof place];

/**
 * One stored message, of one fixed shape, which is itself the node of every list it is in: of the ledger of its store
 * (sequence order), of its lane (fresh or locked) and of the timer wheel (its TTL, lock or schedule, never two of them).
 */
export interface MessageRecord extends TimerNode<Timed>, ListNode<MessageRecord> {
  readonly kind: "message";
  readonly store: MessageStore;
  readonly lane: Lane;
  message: BrokerMessage;
  sizeBytes: number;
  readonly sequenceNumber: number;
  /** The number at the original point of submission, or 0 where there was no other. */
  readonly enqueuedSequenceNumber: number;
  readonly enqueuedTimeMs: number;
  /** Infinity when the message does not expire. */
  expiresAtMs: number;
  /** Deliveries that were abandoned, deferred or whose lock expired. */
  deliveryCount: number;
  state: MessageState;
  place: Place;
  /** Changes when a lock ends: a delivery that remembers the number knows whether its lock is alive. */
  lockGeneration: number;
  lockedUntilMs: number;
  holder: Attachment | undefined;
  /** Made when somebody asks for it. */
  lockToken: string | undefined;
  /** How often the message was forwarded automatically. */
  readonly hops: number;
  /** The entity whose dead-letter queue forwarded the message. */
  readonly deadLetterSource: string | undefined;
  ledgerPrev: MessageRecord | undefined;
  ledgerNext: MessageRecord | undefined;
}

/** What a message brings along when it is stored. */
export interface Arrival {
  readonly message: BrokerMessage;
  readonly sizeBytes: number;
  readonly enqueuedSequenceNumber: number;
  readonly enqueuedTimeMs: number;
  readonly hops: number;
  readonly deadLetterSource: string | undefined;
}

export function createRecord(lane: Lane, arrival: Arrival, sequenceNumber: number): MessageRecord {
  return {
    kind: "message",
    store: lane.store,
    lane,
    message: arrival.message,
    sizeBytes: arrival.sizeBytes,
    sequenceNumber,
    enqueuedSequenceNumber: arrival.enqueuedSequenceNumber,
    enqueuedTimeMs: arrival.enqueuedTimeMs,
    expiresAtMs: Infinity,
    deliveryCount: 0,
    state: messageState.active,
    place: place.none,
    lockGeneration: 0,
    lockedUntilMs: 0,
    holder: undefined,
    lockToken: undefined,
    hops: arrival.hops,
    deadLetterSource: arrival.deadLetterSource,
    prev: undefined,
    next: undefined,
    ledgerPrev: undefined,
    ledgerNext: undefined,
    dueMs: 0,
    timerSlot: notArmed,
    timerPrev: undefined,
    timerNext: undefined,
  };
}
