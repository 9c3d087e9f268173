import type { BrokerMessage } from "./message.js";
import type { Lane } from "./lane.js";
import type { MessageStore } from "./store.js";
import type { Timed } from "./kernel.js";
import { notArmed, type TimerNode } from "./timer-wheel.js";
import type { ListNode } from "./linked-list.js";

/** The states of a stored message, numbered as on the wire (`x-opt-message-state`). */
export const messageState = { active: 0, deferred: 1, scheduled: 2 } as const;

export type MessageState = (typeof messageState)[keyof typeof messageState];

/** Which list of its lane holds a record; `none` for deferred, scheduled and removed messages. */
export const place = { none: 0, fresh: 1, returned: 2, locked: 3 } as const;

export type Place = (typeof place)[keyof typeof place];

/** `expiresMs` of a message that does not expire: a small integer that is no time, not even of a restored message. */
export const never = -(2 ** 30);

/**
 * One stored message, of one fixed shape, which is itself the node of every list it is in: of the ledger of its store
 * (sequence order), of its lane (fresh or locked) and of the timer wheel (its TTL, lock or schedule, never two of them).
 *
 * A million of them may wait, so a field must earn its eight bytes: times count from the broker's start, small integers
 * that need no box for 24 days; the end of a lock is `dueMs`; what few messages have is in the shared `origin`.
 */
export class MessageRecord implements TimerNode<Timed>, ListNode<MessageRecord> {
  readonly lane: Lane;
  message: BrokerMessage;
  sizeBytes: number;
  readonly sequenceNumber: number;
  readonly origin: Origin;
  readonly enqueuedMs: number;
  expiresMs: number;
  /** Deliveries that were abandoned, deferred or whose lock expired. */
  deliveryCount: number;
  state: MessageState;
  place: Place;
  /** Changes when a lock ends: a delivery that remembers the number knows whether its lock is alive. */
  lockGeneration: number;
  prev: MessageRecord | undefined;
  next: MessageRecord | undefined;
  ledgerPrev: MessageRecord | undefined;
  ledgerNext: MessageRecord | undefined;
  dueMs: number;
  timerSlot: number;
  timerPrev: Timed | undefined;
  timerNext: Timed | undefined;

  constructor(lane: Lane, arrival: Arrival, sequenceNumber: number) {
    this.lane = lane;
    this.message = arrival.message;
    this.sizeBytes = arrival.sizeBytes;
    this.sequenceNumber = sequenceNumber;
    this.origin = arrival.origin;
    this.enqueuedMs = arrival.enqueuedMs;
    this.expiresMs = never;
    this.deliveryCount = 0;
    this.state = messageState.active;
    this.place = place.none;
    this.lockGeneration = 0;
    this.prev = undefined;
    this.next = undefined;
    this.ledgerPrev = undefined;
    this.ledgerNext = undefined;
    this.dueMs = 0;
    this.timerSlot = notArmed;
    this.timerPrev = undefined;
    this.timerNext = undefined;
  }

  get store(): MessageStore {
    return this.lane.store;
  }

  /** The number at the original point of submission. */
  get firstNumber(): number {
    return this.origin.enqueuedSequenceNumber || this.sequenceNumber;
  }

  hasExpired(nowMs: number): boolean {
    return this.expiresMs !== never && this.expiresMs <= nowMs;
  }
}

/** Where a message was before it was stored here. */
export interface Origin {
  /** The number at the original point of submission, or 0 where there was no other. */
  readonly enqueuedSequenceNumber: number;
  /** How often the message was forwarded automatically. */
  readonly hops: number;
  /** The entity whose dead-letter queue forwarded the message. */
  readonly deadLetterSource: string | undefined;
}

/** The origin of what a client sent. */
export const direct: Origin = { enqueuedSequenceNumber: 0, hops: 0, deadLetterSource: undefined };

/** What a message brings along when it is stored. */
export interface Arrival {
  readonly message: BrokerMessage;
  readonly sizeBytes: number;
  /** Since the broker's start. */
  readonly enqueuedMs: number;
  readonly origin: Origin;
}
