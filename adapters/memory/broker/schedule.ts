import { send } from "./admit.js";
import type { SendTarget } from "./entities.js";
import type { Kernel } from "./kernel.js";
import type { BrokerMessage } from "./message.js";
import { publish } from "./publish.js";
import type { MessageRecord } from "./record.js";
import { badArgument, messageNotFound } from "./refusals.js";
import { removeRecord, storeActive, type MessageStore } from "./store.js";

/**
 * Stores messages that become active at their `scheduledEnqueueTimeMs`, and returns the numbers that cancel them.
 *
 * @throws {BrokerError} as `send` does, and `com.microsoft:argument-error` for a message without that time
 */
export function schedule(kernel: Kernel, target: SendTarget, messages: readonly BrokerMessage[]): number[] {
  if (messages.some((message) => message.scheduledEnqueueTimeMs === undefined)) {
    throw badArgument("A scheduled message needs scheduledEnqueueTimeMs.");
  }
  return send(kernel, target, messages);
}

/**
 * Removes scheduled messages, all or none.
 *
 * @throws {BrokerError} `com.microsoft:message-not-found` for a number that is not, or no longer, scheduled
 */
export function cancelScheduled(
  kernel: Kernel,
  store: MessageStore,
  sequenceNumbers: readonly number[],
): void {
  const records = sequenceNumbers.map((sequenceNumber) => {
    const record = store.scheduled.get(sequenceNumber);
    if (record === undefined) throw messageNotFound(sequenceNumber);
    return record;
  });
  for (const record of records) removeRecord(kernel, record);
}

/** The time of a scheduled message has come: it is enqueued now, under a new number. */
export function activate(kernel: Kernel, record: MessageRecord, target: SendTarget): void {
  // A disabled entity keeps its due messages; enabling it activates them.
  if (!record.store.settings.activates) return;
  const { message, sizeBytes, origin, firstNumber } = record;
  const arrival = {
    message,
    sizeBytes,
    enqueuedMs: kernel.wheel.nowMs(),
    origin: { ...origin, enqueuedSequenceNumber: firstNumber },
  };
  removeRecord(kernel, record);
  if (target.kind === "queue") storeActive(kernel, target.store, arrival);
  else publish(kernel, target, arrival);
}

/** Makes the messages due again that came due while the entity was disabled. */
export function resumeSchedules(kernel: Kernel, store: MessageStore): void {
  for (const record of store.scheduled.values()) kernel.wheel.arm(record, record.dueMs);
}
