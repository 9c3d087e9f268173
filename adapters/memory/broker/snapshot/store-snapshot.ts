import { touch, type Kernel } from "../kernel.js";
import { addFresh } from "../lane.js";
import { enterLedger } from "../ledger.js";
import type { BrokerMessage } from "../message.js";
import { MessageRecord, messageState, never, type MessageState } from "../record.js";
import { sessionOf, type MessageStore } from "../store.js";

/** What one store holds. */
export interface StoreSnapshot {
  readonly lastSequenceNumber: number;
  readonly accessedMs: number | undefined;
  /** In sequence order. */
  readonly messages: readonly MessageSnapshot[];
  readonly sessionStates: readonly SessionStateSnapshot[];
}

interface MessageSnapshot {
  readonly message: BrokerMessage;
  readonly sizeBytes: number;
  readonly sequenceNumber: number;
  readonly enqueuedSequenceNumber: number;
  readonly enqueuedTimeMs: number;
  readonly expiresAtMs: number;
  readonly deliveryCount: number;
  readonly state: MessageState;
  /** When a scheduled message is enqueued. */
  readonly dueMs: number;
  readonly hops: number;
  readonly deadLetterSource: string | undefined;
}

interface SessionStateSnapshot {
  readonly id: string;
  readonly state: Uint8Array;
  readonly updatedMs: number;
}

/** @param startMs The broker's start: in a snapshot times count from 1970. */
export function snapshotStore(store: MessageStore, startMs: number): StoreSnapshot {
  const messages: MessageSnapshot[] = [];
  for (let record = store.ledger.head; record !== undefined; record = record.ledgerNext) {
    messages.push(snapshotRecord(record, startMs));
  }
  const sessionStates = [...store.sessions.values()].flatMap(({ id, state, stateUpdatedMs }) =>
    state === null ? [] : [{ id, state, updatedMs: stateUpdatedMs }],
  );
  const { lastSequenceNumber } = store;
  const accessedMs = store.accessedMs === undefined ? undefined : startMs + store.accessedMs;
  return { lastSequenceNumber, accessedMs, messages, sessionStates };
}

/** Fills an empty store. What follows from it (sessions on offer, forwarding) happens at the next flush. */
export function restoreStore(kernel: Kernel, store: MessageStore, snapshot: StoreSnapshot): void {
  for (const message of snapshot.messages) restoreRecord(kernel, store, message);
  for (const { id, state, updatedMs } of snapshot.sessionStates) {
    const session = sessionOf(store, id);
    session.state = state;
    session.stateUpdatedMs = updatedMs;
    store.quota.usedBytes += state.byteLength;
  }
  store.lastSequenceNumber = snapshot.lastSequenceNumber;
  store.accessedMs = snapshot.accessedMs === undefined ? undefined : snapshot.accessedMs - kernel.startMs;
}

function snapshotRecord(record: MessageRecord, startMs: number): MessageSnapshot {
  const { message, sizeBytes, sequenceNumber, deliveryCount, state, origin } = record;
  return {
    message,
    sizeBytes,
    sequenceNumber,
    ...origin,
    enqueuedTimeMs: startMs + record.enqueuedMs,
    expiresAtMs: record.expiresMs === never ? Infinity : startMs + record.expiresMs,
    deliveryCount,
    state,
    dueMs: state === messageState.scheduled ? startMs + record.dueMs : 0,
  };
}

function restoreRecord(kernel: Kernel, store: MessageStore, snapshot: MessageSnapshot): void {
  const { sessionId } = snapshot.message;
  const inSession = store.settings.requiresSession && sessionId !== undefined;
  const lane = inSession ? sessionOf(store, sessionId).lane : store.main;
  const { message, sizeBytes, sequenceNumber, enqueuedSequenceNumber, hops, deadLetterSource } = snapshot;
  const { startMs } = kernel;
  const enqueuedMs = snapshot.enqueuedTimeMs - startMs;
  const origin = { enqueuedSequenceNumber, hops, deadLetterSource };
  const record = new MessageRecord(lane, { message, sizeBytes, enqueuedMs, origin }, sequenceNumber);
  record.expiresMs = snapshot.expiresAtMs === Infinity ? never : snapshot.expiresAtMs - startMs;
  record.deliveryCount = snapshot.deliveryCount;
  record.state = snapshot.state;
  enterLedger(store.ledger, record);
  lane.messageCount += 1;
  store.quota.usedBytes += record.sizeBytes;
  switch (record.state) {
    case messageState.deferred:
      store.deferred.set(record.sequenceNumber, record);
      return;
    case messageState.scheduled:
      store.scheduled.set(record.sequenceNumber, record);
      kernel.wheel.arm(record, snapshot.dueMs - startMs);
      return;
    case messageState.active:
      addFresh(lane, record);
      if (record.expiresMs !== never) kernel.wheel.arm(record, record.expiresMs);
      touch(kernel, lane);
  }
}
