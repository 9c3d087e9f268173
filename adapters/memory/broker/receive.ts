import type { Attachment } from "./attachment.js";
import { Delivery } from "./delivery.js";
import { expire } from "./expiry.js";
import type { Kernel } from "./kernel.js";
import { takeNext } from "./lane.js";
import { lockRecord } from "./lock.js";
import { append, unlink } from "./linked-list.js";
import { place, type MessageRecord } from "./record.js";
import { messageNotFound } from "./refusals.js";
import { removeRecord } from "./store.js";

/** Hands the next messages to `receiver`, at most `max`. */
export function takeUpTo(kernel: Kernel, receiver: Attachment, max: number): Delivery[] {
  const first = max > 0 ? takeOne(kernel, receiver) : undefined;
  if (first === undefined) return [];
  // Begun with one: an array that grows from nothing has room for seventeen.
  const taken = [first];
  while (taken.length < max) {
    const delivery = takeOne(kernel, receiver);
    if (delivery === undefined) break;
    taken.push(delivery);
  }
  return taken;
}

/** Hands the next message to `receiver`, sweeping expired ones on the way. */
function takeOne(kernel: Kernel, receiver: Attachment): Delivery | undefined {
  const nowMs = kernel.wheel.nowMs();
  for (let record = takeNext(receiver.lane); record !== undefined; record = takeNext(receiver.lane)) {
    if (!record.hasExpired(nowMs)) return handOver(kernel, record, receiver);
    expire(kernel, record);
  }
  return undefined;
}

/**
 * Hands deferred messages to `receiver`, all or none.
 *
 * @throws {BrokerError} `com.microsoft:message-not-found` for a number that is not deferred, or is locked.
 */
export function takeDeferred(
  kernel: Kernel,
  receiver: Attachment,
  sequenceNumbers: readonly number[],
): Delivery[] {
  const { store } = receiver.lane;
  const records = sequenceNumbers.map((sequenceNumber) => {
    const record = store.deferred.get(sequenceNumber);
    if (record === undefined || record.place === place.locked || record.lane !== receiver.lane) {
      throw messageNotFound(sequenceNumber);
    }
    return record;
  });
  return records.map((record) => handOver(kernel, record, receiver));
}

/** Pushes messages to a receiver with credit, or wakes one that pulls, in the order in which they asked. */
export function serveWaiting(kernel: Kernel, lane: Attachment["lane"]): void {
  // A woken receiver may take its message later: no more are woken than there are messages.
  for (let budget = lane.readyCount; budget > 0 && lane.readyCount > 0; budget -= 1) {
    const receiver = lane.waiting.head;
    if (receiver === undefined) return;
    stopWaiting(receiver);
    const { wake } = receiver;
    if (wake !== undefined) {
      receiver.wake = undefined;
      if (receiver.credit > 0) wait(receiver);
      wake();
    } else if (!pushOne(kernel, receiver)) wait(receiver);
  }
}

/** Pushes one message against one unit of credit; the receiver then queues up again behind the others. */
export function pushOne(kernel: Kernel, receiver: Attachment): boolean {
  if (receiver.deliver === undefined || receiver.credit <= 0) return false;
  const delivery = takeOne(kernel, receiver);
  if (delivery === undefined) return false;
  receiver.credit -= 1;
  if (receiver.credit > 0 || receiver.wake !== undefined) wait(receiver);
  receiver.deliver(delivery);
  return true;
}

export function wait(receiver: Attachment): void {
  if (receiver.waiting || receiver.closed) return;
  receiver.waiting = true;
  append(receiver.lane.waiting, receiver);
}

export function stopWaiting(receiver: Attachment): void {
  if (!receiver.waiting) return;
  receiver.waiting = false;
  unlink(receiver.lane.waiting, receiver);
}

function handOver(kernel: Kernel, record: MessageRecord, receiver: Attachment): Delivery {
  if (receiver.mode === "peekLock") return lockRecord(kernel, record, receiver);
  removeRecord(kernel, record);
  return new Delivery(kernel, record, receiver);
}
