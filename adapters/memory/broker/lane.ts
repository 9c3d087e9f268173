import type { Attachment } from "./attachment.js";
import { append, emptyList, unlink, type LinkedList } from "./linked-list.js";
import { place, type MessageRecord } from "./record.js";
import { popLowest, pushLowest } from "./sequence-heap.js";
import type { Session } from "./session.js";
import type { MessageStore } from "./store.js";

/**
 * The messages that are handed out in one order: all of a plain store, or one session.
 *
 * Fresh messages are in order already. Messages that came back belong before them and are few, so they wait in a heap;
 * one that is removed from there stays in the heap until it surfaces, recognised by its `place`.
 */
export interface Lane {
  readonly store: MessageStore;
  /** Set once, by the session itself. */
  session: Session | undefined;
  readonly fresh: LinkedList<MessageRecord>;
  readonly returned: MessageRecord[];
  /** Of a session; always empty without. */
  readonly locked: LinkedList<MessageRecord>;
  /** Receivers in the order in which they asked. */
  readonly waiting: LinkedList<Attachment>;
  /** Fresh and returned messages. */
  readyCount: number;
  /** All messages of the lane, whatever their state. */
  messageCount: number;
  /** Whether the lane is among those that the kernel will look at. */
  touched: boolean;
}

export function createLane(store: MessageStore): Lane {
  return {
    store,
    session: undefined,
    fresh: emptyList(),
    returned: [],
    locked: emptyList(),
    waiting: emptyList(),
    readyCount: 0,
    messageCount: 0,
    touched: false,
  };
}

export function addFresh(lane: Lane, record: MessageRecord): void {
  append(lane.fresh, record);
  record.place = place.fresh;
  lane.readyCount += 1;
}

export function addReturned(lane: Lane, record: MessageRecord): void {
  pushLowest(lane.returned, record);
  record.place = place.returned;
  lane.readyCount += 1;
}

/** Only a session has to find its locked messages again; outside of sessions each lock has a timer of its own. */
export function addLocked(lane: Lane, record: MessageRecord): void {
  if (lane.session !== undefined) append(lane.locked, record);
  record.place = place.locked;
}

/** Takes the ready message with the lowest sequence number. */
export function takeNext(lane: Lane): MessageRecord | undefined {
  const next = firstReady(lane);
  if (next !== undefined) leave(lane, next);
  return next;
}

/** The ready message with the lowest sequence number, left where it is. */
export function firstReady(lane: Lane): MessageRecord | undefined {
  const fresh = lane.fresh.head;
  const returned = lane.returned.length === 0 ? undefined : firstReturned(lane);
  return returned !== undefined && (fresh === undefined || returned.sequenceNumber < fresh.sequenceNumber)
    ? returned
    : fresh;
}

/** Takes `record` out of whichever list holds it. */
export function leave(lane: Lane, record: MessageRecord): void {
  switch (record.place) {
    case place.fresh:
      unlink(lane.fresh, record);
      lane.readyCount -= 1;
      break;
    case place.locked:
      if (lane.session !== undefined) unlink(lane.locked, record);
      break;
    case place.returned:
      if (lane.returned[0] === record) popLowest(lane.returned);
      lane.readyCount -= 1;
      break;
    case place.none:
      break;
  }
  record.place = place.none;
}

/** Every ready message in sequence order; O(n log n). */
export function readyRecords(lane: Lane): MessageRecord[] {
  const ready = lane.returned.filter((record) => record.place === place.returned);
  for (let record = lane.fresh.head; record !== undefined; record = record.next) ready.push(record);
  return ready.sort((a, b) => a.sequenceNumber - b.sequenceNumber);
}

function firstReturned(lane: Lane): MessageRecord | undefined {
  while (lane.returned[0] !== undefined && lane.returned[0].place !== place.returned) {
    popLowest(lane.returned);
  }
  return lane.returned[0];
}
