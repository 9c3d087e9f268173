import type { Attachment } from "./attachment.js";
import { touch, type Kernel } from "./kernel.js";
import { addFresh, createLane, leave, type Lane } from "./lane.js";
import { createLedger, enterLedger, leaveLedger, type Ledger } from "./ledger.js";
import { emptyList, unlink, type LinkedList } from "./linked-list.js";
import type { Quota } from "./quota.js";
import { MessageRecord, messageState, type Arrival } from "./record.js";
import { Session } from "./session.js";
import type { SessionRequest } from "./session-request.js";

/** A place that holds messages: a queue, a subscription, a dead-letter queue, or a topic's scheduled messages. */
export class MessageStore {
  /** As in error texts, for example `orders/Subscriptions/billing`. */
  readonly path: string;
  readonly role: "queue" | "subscription" | "deadLetter" | "topic";
  settings: StoreSettings;
  readonly quota: Quota;
  /** Undefined for a dead-letter queue and a topic. */
  readonly deadLetters: MessageStore | undefined;
  /** The last number that was given out. */
  lastSequenceNumber = 0;
  /** When somebody last sent to it or attached to it, since the broker's start. */
  accessedMs: number | undefined = undefined;
  readonly ledger: Ledger = createLedger();
  /** Holds every message unless the store requires sessions. */
  readonly main: Lane = createLane(this);
  readonly sessions = new Map<string, Session>();
  readonly deferred = new Map<number, MessageRecord>();
  readonly scheduled = new Map<number, MessageRecord>();
  readonly receivers = new Set<Attachment>();
  /** Sessions with messages and without a holder, in the order in which they became so. */
  readonly offered: LinkedList<Session> = emptyList();
  /** Those who wait for the next session, in order. */
  readonly sessionRequests: LinkedList<SessionRequest> = emptyList();

  constructor(identity: Pick<MessageStore, "path" | "role" | "settings" | "quota" | "deadLetters">) {
    this.path = identity.path;
    this.role = identity.role;
    this.settings = identity.settings;
    this.quota = identity.quota;
    this.deadLetters = identity.deadLetters;
  }
}

/** The options of an entity as far as its messages are concerned, in the fixed shape that each of them reads. */
export interface StoreSettings {
  /** Whether clients may send. */
  readonly sendable: boolean;
  readonly maxMessageBytes: number;
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  /** Infinity for none. */
  readonly timeToLiveMs: number;
  readonly deadLetterExpired: boolean;
  readonly requiresSession: boolean;
  readonly receivable: boolean;
  readonly browsable: boolean;
  /** While false, due scheduled messages stay where they are. */
  readonly activates: boolean;
  readonly forwardTo: string | undefined;
}

/** Stores a message as active: numbered, counted and ready to be delivered. */
export function storeActive(kernel: Kernel, store: MessageStore, arrival: Arrival): MessageRecord {
  const record = storeRecord(store, arrival);
  const ttl = arrival.message.timeToLiveMs;
  const limit = store.settings.timeToLiveMs;
  const effective = ttl === undefined || ttl > limit ? limit : ttl;
  if (effective !== Infinity && store.role !== "deadLetter") {
    record.expiresMs = Math.ceil(arrival.enqueuedMs + effective);
    kernel.wheel.arm(record, record.expiresMs);
  }
  addFresh(record.lane, record);
  touch(kernel, record.lane);
  return record;
}

/** Stores a message that becomes active at `dueMs` of the wheel. */
export function storeScheduled(
  kernel: Kernel,
  store: MessageStore,
  arrival: Arrival,
  dueMs: number,
): MessageRecord {
  const record = storeRecord(store, arrival);
  record.state = messageState.scheduled;
  store.scheduled.set(record.sequenceNumber, record);
  kernel.wheel.arm(record, dueMs);
  return record;
}

/** Removes a message for good, with its lock and its timer. */
export function removeRecord(kernel: Kernel, record: MessageRecord): void {
  const { store, lane } = record;
  kernel.wheel.cancel(record);
  leave(lane, record);
  endLock(kernel, record);
  if (record.state === messageState.deferred) store.deferred.delete(record.sequenceNumber);
  if (record.state === messageState.scheduled) store.scheduled.delete(record.sequenceNumber);
  leaveLedger(store.ledger, record);
  lane.messageCount -= 1;
  release(kernel, store.quota, record.sizeBytes);
  if (lane.session !== undefined && lane.messageCount === 0) forgetIdleSession(lane.session);
}

/** Invalidates the deliveries that hold the record's lock. */
export function endLock(kernel: Kernel, record: MessageRecord): void {
  record.lockGeneration += 1;
  kernel.lockTokens.forget(record);
}

/** Replaces the content of a stored message, whose size may change with it. */
export function rewrite(record: MessageRecord, message: MessageRecord["message"], sizeBytes: number): void {
  record.store.quota.usedBytes += sizeBytes - record.sizeBytes;
  record.message = message;
  record.sizeBytes = sizeBytes;
}

/** Gives room back, which those who wait for it may use. */
export function release(kernel: Kernel, quota: Quota, bytes: number): void {
  quota.usedBytes -= bytes;
  const { blocked } = quota;
  if (blocked === undefined) return;
  quota.blocked = undefined;
  for (const origin of blocked) touch(kernel, origin.main);
}

/** The session of that id, made if there is none. */
export function sessionOf(store: MessageStore, id: string): Session {
  const known = store.sessions.get(id);
  if (known !== undefined) return known;
  const session = new Session(store, id);
  store.sessions.set(id, session);
  return session;
}

/** A session without messages, state and holder is no session. */
export function forgetIdleSession(session: Session): void {
  const { lane } = session;
  if (lane.messageCount > 0 || session.state !== null || session.holder !== undefined) return;
  withdrawOffer(session);
  lane.store.sessions.delete(session.id);
}

export function withdrawOffer(session: Session): void {
  if (!session.offered) return;
  unlink(session.lane.store.offered, session);
  session.offered = false;
}

function storeRecord(store: MessageStore, arrival: Arrival): MessageRecord {
  const { sessionId } = arrival.message;
  const lane =
    store.settings.requiresSession && sessionId !== undefined ? sessionOf(store, sessionId).lane : store.main;
  const record = new MessageRecord(lane, arrival, (store.lastSequenceNumber += 1));
  enterLedger(store.ledger, record);
  lane.messageCount += 1;
  store.quota.usedBytes += arrival.sizeBytes;
  return record;
}
