import type { Attachment } from "./attachment.js";
import { releaseSession } from "./accept-session.js";
import type { BrokerError } from "./broker-error.js";
import { touch, type Kernel } from "./kernel.js";
import type { SendTarget } from "./entities.js";
import { stopWaiting } from "./receive.js";
import type { MessageStore } from "./store.js";

/**
 * Ends a receiver. Locks of a plain receiver live on until they expire; a session is given back with its messages, whose
 * deliveries are counted only when its lock was lost. `error` is reported to the receiver's owner.
 */
export function detach(kernel: Kernel, receiver: Attachment, error?: BrokerError): void {
  if (receiver.closed) return;
  const { lane, onDetach } = receiver;
  stopWaiting(receiver);
  receiver.closed = true;
  receiver.credit = 0;
  receiver.wake = undefined;
  lane.store.receivers.delete(receiver);
  if (lane.session?.holder === receiver) {
    const counted = error?.condition === "com.microsoft:session-lock-lost";
    releaseSession(kernel, lane.session, { counted });
  }
  // It may have been woken for a message that it did not take.
  else if (lane.readyCount > 0) touch(kernel, lane);
  if (error !== undefined && onDetach !== undefined) {
    kernel.pending.push(() => {
      onDetach(error);
    });
  }
}

export function detachAll(kernel: Kernel, store: MessageStore, error: BrokerError): void {
  for (const receiver of [...store.receivers]) detach(kernel, receiver, error);
}

/** Tells those who may send that they may no longer. */
export function detachSenders(kernel: Kernel, target: SendTarget, error: BrokerError): void {
  for (const onDetach of target.senders) {
    kernel.pending.push(() => {
      onDetach(error);
    });
  }
  target.senders.clear();
}
