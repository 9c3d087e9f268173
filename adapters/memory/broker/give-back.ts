import { deadLetter } from "./dead-letter.js";
import { expire } from "./expiry.js";
import { touch, type Kernel } from "./kernel.js";
import { addReturned, leave } from "./lane.js";
import { messageState, never, type MessageRecord } from "./record.js";
import { endLock } from "./store.js";

/**
 * Ends the lock of a message and makes it available again, at its place in the sequence; a deferred message stays
 * deferred. The delivery that exhausts the entity's maximum moves it to the dead-letter queue, and a message past its
 * time to live expires now.
 */
export function giveBack(kernel: Kernel, record: MessageRecord, { counted }: { counted: boolean }): void {
  if (countDelivery(kernel, record, counted)) return;
  if (record.state === messageState.deferred) return;
  if (record.hasExpired(kernel.wheel.nowMs())) {
    expire(kernel, record);
    return;
  }
  addReturned(record.lane, record);
  if (record.expiresMs !== never) kernel.wheel.arm(record, record.expiresMs);
  touch(kernel, record.lane);
}

/**
 * Ends the lock and counts the delivery. True when that was the last one allowed, and the message is gone. Deliveries
 * from a dead-letter queue are never counted.
 */
export function countDelivery(kernel: Kernel, record: MessageRecord, counted: boolean): boolean {
  kernel.wheel.cancel(record);
  leave(record.lane, record);
  endLock(kernel, record);
  if (!counted || record.store.role === "deadLetter") return false;
  record.deliveryCount += 1;
  const { maxDeliveryCount } = record.store.settings;
  if (record.deliveryCount < maxDeliveryCount) return false;
  deadLetter(kernel, record, {
    reason: "MaxDeliveryCountExceeded",
    description: `Message could not be consumed after ${String(maxDeliveryCount)} delivery attempts.`,
  });
  return true;
}
