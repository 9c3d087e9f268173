import { refuseDisabledSend, send } from "./admit.js";
import type { ReceiveMode } from "./attachment.js";
import type { BrokerError } from "./broker-error.js";
import type { Delivery } from "./delivery.js";
import { detach } from "./detach.js";
import { receiveSource, sendTarget } from "./entities.js";
import { flush } from "./flush.js";
import type { Kernel } from "./kernel.js";
import { renewByToken, settleByToken } from "./lock-token.js";
import type { BrokerMessage } from "./message.js";
import { browsable, plainStore, sessionStore } from "./open-store.js";
import { takeDeferred } from "./receive.js";
import { peek, type PeekedMessage, type PeekOptions } from "./peek.js";
import { batchDelete, purge, type BatchDeleteOptions } from "./purge.js";
import { attach, createReceiver, type Receiver, type ReceiverOptions } from "./receiver.js";
import { requireRight, type Right } from "./rights.js";
import { cancelScheduled, schedule } from "./schedule.js";
import { listSessions, type ListSessionsOptions } from "./list-sessions.js";
import { acceptSession, waitForSession, type SessionReceiver } from "./session-receiver.js";
import type { Settlement } from "./settle.js";

export interface SenderOptions {
  /** What the sender's client may do. Default: everything. */
  readonly rights?: readonly Right[];
  /** The entity was deleted, or takes no messages any more. Must not throw. */
  readonly onDetach?: (error: BrokerError) => void;
}

/** Sending, receiving, and what Azure does through `$management`. */
export interface Messaging {
  /** Throws if `rights` do not contain `right`. For changes of entities, which have no link to attach. */
  authorize(address: string, right: Right, rights: readonly Right[]): void;
  /**
   * Throws what a sender's link would be refused with. Sending needs no link here; one is told when it would end, and what
   * is returned takes that back.
   */
  attachSender(address: string, options?: SenderOptions): () => void;
  /** Stores all messages or none, and returns their sequence numbers (also for duplicates, which are not stored). */
  send(address: string, messages: readonly BrokerMessage[]): number[];
  /** As `send`; every message needs `scheduledEnqueueTimeMs`. The numbers cancel. */
  schedule(address: string, messages: readonly BrokerMessage[]): number[];
  cancelScheduled(address: string, sequenceNumbers: readonly number[]): void;
  /** The address of a topic shows its scheduled messages. */
  peek(address: string, options?: PeekOptions): PeekedMessage[];
  attachReceiver(address: string, options?: ReceiverOptions): Receiver;
  /** `null` takes the next session that has messages; with none free, throws `com.microsoft:timeout` at once. */
  acceptSession(address: string, sessionId: string | null, options?: ReceiverOptions): SessionReceiver;
  /** Calls `accepted` once, as soon as a session with messages is free. Returns what takes the wish back. */
  waitForSession(
    address: string,
    options: ReceiverOptions,
    accepted: (receiver: SessionReceiver) => void,
  ): () => void;
  sessions(address: string, options?: ListSessionsOptions): string[];
  /** Settles by lock token, until the lock expires, whatever became of the receiver. */
  settle(address: string, lockToken: string, settlement: Settlement): void;
  /** Returns the new end of the lock. */
  renewLock(address: string, lockToken: string): number;
  /** Deferred messages without a receiver: to be settled by lock token. Not for entities with sessions. */
  receiveDeferred(address: string, sequenceNumbers: readonly number[], mode: ReceiveMode): Delivery[];
  batchDelete(address: string, options: BatchDeleteOptions): number;
  purge(address: string): number;
}

export function messagingOf(kernel: Kernel): Messaging {
  return { ...sendingOf(kernel), ...receivingOf(kernel), ...settlingOf(kernel), ...browsingOf(kernel) };
}

function sendingOf(
  kernel: Kernel,
): Pick<Messaging, "authorize" | "attachSender" | "send" | "schedule" | "cancelScheduled"> {
  const { entities } = kernel;
  return {
    authorize: requireRight,
    attachSender(address, options = {}) {
      requireRight(address, "Send", options.rights);
      const target = sendTarget(entities, address);
      refuseDisabledSend(target);
      const { onDetach } = options;
      if (onDetach === undefined) return () => undefined;
      const told = (error: BrokerError): void => {
        onDetach(error);
      };
      target.senders.add(told);
      return () => {
        target.senders.delete(told);
      };
    },
    send(address, messages) {
      const target = sendTarget(entities, address);
      target.store.accessedMs = kernel.wheel.nowMs();
      const numbers = send(kernel, target, messages);
      flush(kernel);
      return numbers;
    },
    schedule(address, messages) {
      const numbers = schedule(kernel, sendTarget(entities, address), messages);
      flush(kernel);
      return numbers;
    },
    cancelScheduled(address, sequenceNumbers) {
      const target = sendTarget(entities, address);
      refuseDisabledSend(target);
      cancelScheduled(kernel, target.store, sequenceNumbers);
      flush(kernel);
    },
  };
}

function receivingOf(
  kernel: Kernel,
): Pick<Messaging, "attachReceiver" | "acceptSession" | "waitForSession" | "receiveDeferred"> {
  const { entities } = kernel;
  return {
    attachReceiver(address, options = {}) {
      requireRight(address, "Listen", options.rights);
      const store = plainStore(entities, address);
      store.accessedMs = kernel.wheel.nowMs();
      return createReceiver(kernel, attach(store.main, options));
    },
    acceptSession(address, sessionId, options = {}) {
      requireRight(address, "Listen", options.rights);
      const store = sessionStore(entities, address);
      store.accessedMs = kernel.wheel.nowMs();
      return acceptSession(kernel, store, sessionId, options);
    },
    waitForSession(address, options, accepted) {
      requireRight(address, "Listen", options.rights);
      return waitForSession(kernel, sessionStore(entities, address), options, accepted);
    },
    receiveDeferred(address, sequenceNumbers, mode) {
      const visitor = attach(plainStore(entities, address).main, { mode });
      try {
        return takeDeferred(kernel, visitor, sequenceNumbers);
      } finally {
        detach(kernel, visitor);
        flush(kernel);
      }
    },
  };
}

function settlingOf(kernel: Kernel): Pick<Messaging, "settle" | "renewLock"> {
  return {
    settle(address, lockToken, settlement) {
      try {
        settleByToken(kernel, receiveSource(kernel.entities, address), lockToken, settlement);
      } finally {
        flush(kernel);
      }
    },
    renewLock: (address, lockToken) =>
      renewByToken(kernel, receiveSource(kernel.entities, address), lockToken),
  };
}

function browsingOf(kernel: Kernel): Pick<Messaging, "peek" | "sessions" | "batchDelete" | "purge"> {
  const { entities } = kernel;
  return {
    peek: (address, options = {}) => peek(browsable(entities, address), options),
    sessions: (address, options = {}) => listSessions(sessionStore(entities, address), options),
    batchDelete(address, options) {
      const removed = batchDelete(kernel, receiveSource(entities, address), options);
      flush(kernel);
      return removed;
    },
    purge(address) {
      const removed = purge(kernel, receiveSource(entities, address));
      flush(kernel);
      return removed;
    },
  };
}
