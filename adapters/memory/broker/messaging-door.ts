import { AdministrationDoor } from "./administration-door.js";
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
import { attach, Receiver, type ReceiverOptions } from "./receiver.js";
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
export class MessagingDoor extends AdministrationDoor {
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    super(kernel);
    this.#kernel = kernel;
  }

  /** Throws if `rights` do not contain `right`. For changes of entities, which have no link to attach. */
  authorize(address: string, right: Right, rights: readonly Right[]): void {
    requireRight(address, right, rights);
  }

  /**
   * Throws what a sender's link would be refused with. Sending needs no link here; one is told when it would end, and what
   * is returned takes that back.
   */
  attachSender(address: string, { rights, onDetach }: SenderOptions = {}): () => void {
    requireRight(address, "Send", rights);
    const target = sendTarget(this.#kernel.entities, address);
    refuseDisabledSend(target);
    if (onDetach === undefined) return () => undefined;
    const told = (error: BrokerError): void => {
      onDetach(error);
    };
    target.senders.add(told);
    return () => {
      target.senders.delete(told);
    };
  }

  /** Stores all messages or none, and returns their sequence numbers (also for duplicates, which are not stored). */
  send(address: string, messages: readonly BrokerMessage[]): number[] {
    const target = sendTarget(this.#kernel.entities, address);
    target.store.accessedMs = this.#kernel.wheel.nowMs();
    const numbers = send(this.#kernel, target, messages);
    flush(this.#kernel);
    return numbers;
  }

  /** As `send`; every message needs `scheduledEnqueueTimeMs`. The numbers cancel. */
  schedule(address: string, messages: readonly BrokerMessage[]): number[] {
    const numbers = schedule(this.#kernel, sendTarget(this.#kernel.entities, address), messages);
    flush(this.#kernel);
    return numbers;
  }

  cancelScheduled(address: string, sequenceNumbers: readonly number[]): void {
    const target = sendTarget(this.#kernel.entities, address);
    refuseDisabledSend(target);
    cancelScheduled(this.#kernel, target.store, sequenceNumbers);
    flush(this.#kernel);
  }

  /** The address of a topic shows its scheduled messages. */
  peek(address: string, options: PeekOptions = {}): PeekedMessage[] {
    return peek(this.#kernel, browsable(this.#kernel.entities, address), options);
  }

  attachReceiver(address: string, options: ReceiverOptions = {}): Receiver {
    requireRight(address, "Listen", options.rights);
    const store = plainStore(this.#kernel.entities, address);
    store.accessedMs = this.#kernel.wheel.nowMs();
    return new Receiver(this.#kernel, attach(store.main, options));
  }

  /** `null` takes the next session that has messages; with none free, throws `com.microsoft:timeout` at once. */
  acceptSession(address: string, sessionId: string | null, options: ReceiverOptions = {}): SessionReceiver {
    requireRight(address, "Listen", options.rights);
    const store = sessionStore(this.#kernel.entities, address);
    store.accessedMs = this.#kernel.wheel.nowMs();
    return acceptSession(this.#kernel, store, sessionId, options);
  }

  /** Calls `accepted` once, as soon as a session with messages is free. Returns what takes the wish back. */
  waitForSession(
    address: string,
    options: ReceiverOptions,
    accepted: (receiver: SessionReceiver) => void,
  ): () => void {
    requireRight(address, "Listen", options.rights);
    return waitForSession(this.#kernel, sessionStore(this.#kernel.entities, address), options, accepted);
  }

  sessions(address: string, options: ListSessionsOptions = {}): string[] {
    return listSessions(sessionStore(this.#kernel.entities, address), options);
  }

  /** Settles by lock token, until the lock expires, whatever became of the receiver. */
  settle(address: string, lockToken: string, settlement: Settlement): void {
    try {
      settleByToken(this.#kernel, receiveSource(this.#kernel.entities, address), lockToken, settlement);
    } finally {
      flush(this.#kernel);
    }
  }

  /** Returns the new end of the lock. */
  renewLock(address: string, lockToken: string): number {
    return renewByToken(this.#kernel, receiveSource(this.#kernel.entities, address), lockToken);
  }

  /** Deferred messages without a receiver: to be settled by lock token. Not for entities with sessions. */
  receiveDeferred(address: string, sequenceNumbers: readonly number[], mode: ReceiveMode): Delivery[] {
    const visitor = attach(plainStore(this.#kernel.entities, address).main, { mode });
    try {
      return takeDeferred(this.#kernel, visitor, sequenceNumbers);
    } finally {
      detach(this.#kernel, visitor);
      flush(this.#kernel);
    }
  }

  batchDelete(address: string, options: BatchDeleteOptions): number {
    const removed = batchDelete(this.#kernel, receiveSource(this.#kernel.entities, address), options);
    flush(this.#kernel);
    return removed;
  }

  purge(address: string): number {
    const removed = purge(this.#kernel, receiveSource(this.#kernel.entities, address));
    flush(this.#kernel);
    return removed;
  }
}
