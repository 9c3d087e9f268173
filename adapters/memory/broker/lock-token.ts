import type { Kernel } from "./kernel.js";
import { renewRecord } from "./lock.js";
import type { MessageRecord } from "./record.js";
import { lockLost, notAllowed } from "./refusals.js";
import { settle, type Settlement } from "./settle.js";
import type { MessageStore } from "./store.js";

/**
 * Settles through the management door: whoever knows the lock token may, as long as the lock lives, even when the receiver
 * that took the message is closed.
 *
 * @throws {BrokerError} `com.microsoft:message-lock-lost`, on entities with sessions `session-lock-lost`
 */
export function settleByToken(
  kernel: Kernel,
  store: MessageStore,
  token: string,
  settlement: Settlement,
): void {
  settle(kernel, recordOf(kernel, store, token), settlement);
}

/** Returns the new end of the lock. @throws {BrokerError} as `settleByToken` */
export function renewByToken(kernel: Kernel, store: MessageStore, token: string): number {
  const record = recordOf(kernel, store, token);
  if (record.lane.session !== undefined) throw notAllowed("In a session the session's lock is renewed.");
  return renewRecord(kernel, record);
}

function recordOf(kernel: Kernel, store: MessageStore, token: string): MessageRecord {
  const record = kernel.lockTokens.recordOf(token);
  if (record?.store !== store) throw lockLost(store);
  return record;
}
