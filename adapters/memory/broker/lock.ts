import type { Attachment } from "./attachment.js";
import { Delivery } from "./delivery.js";
import { giveBack } from "./give-back.js";
import type { Kernel } from "./kernel.js";
import { addLocked } from "./lane.js";
import type { MessageRecord } from "./record.js";

/** Locks a message that is in no list for `receiver`. The clock of the lock starts now, when the message is taken. */
export function lockRecord(kernel: Kernel, record: MessageRecord, receiver: Attachment): Delivery {
  addLocked(record.lane, record);
  if (record.lane.session === undefined) renewRecord(kernel, record);
  else kernel.wheel.cancel(record);
  return new Delivery(kernel, record, receiver);
}

/** Makes the lock of a message outside sessions last the entity's lock duration from now, and returns its end. */
export function renewRecord(kernel: Kernel, record: MessageRecord): number {
  kernel.wheel.arm(record, kernel.wheel.nowMs() + record.store.settings.lockDurationMs);
  return kernel.startMs + record.dueMs;
}

/** The lock of `record` ran out: that counts as a failed delivery. */
export function expireLock(kernel: Kernel, record: MessageRecord): void {
  giveBack(kernel, record, { counted: true });
}
