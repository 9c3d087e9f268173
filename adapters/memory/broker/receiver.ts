import type { Attachment, ReceiveMode } from "./attachment.js";
import type { BrokerError } from "./broker-error.js";
import type { DeadLetterOptions } from "./dead-letter.js";
import type { Delivery } from "./delivery.js";
import { detach } from "./detach.js";
import { flush } from "./flush.js";
import { touch, type Kernel } from "./kernel.js";
import type { Lane } from "./lane.js";
import { renewRecord } from "./lock.js";
import type { PropertyValue } from "./message.js";
import { pushOne, stopWaiting, takeDeferred, takeUpTo, wait } from "./receive.js";
import type { MessageRecord } from "./record.js";
import { lockLost, notAllowed } from "./refusals.js";
import type { Right } from "./rights.js";
import { settle, type Settlement } from "./settle.js";

export interface ReceiverOptions {
  /** Default `peekLock`. */
  readonly mode?: ReceiveMode;
  /** What the receiver's client may do. Default: everything. */
  readonly rights?: readonly Right[];
  /** Gets the messages that `flow` asks for, one at a time. Must not throw. */
  readonly deliver?: (delivery: Delivery) => void;
  /** The broker ended the receiver: session lock lost, entity disabled or deleted. Must not throw. */
  readonly onDetach?: (error: BrokerError) => void;
}

/**
 * One receiver of a queue, subscription, dead-letter queue or session. Pull with `take` and `onAvailable`, or be pushed to
 * with `flow`.
 *
 * The settling methods throw {@link BrokerError} `com.microsoft:message-lock-lost` (`session-lock-lost` on entities with
 * sessions) for a delivery that was settled, whose lock expired, or that reached another receiver; so does everything but
 * `close` once the receiver is closed.
 */
export class Receiver {
  readonly #kernel: Kernel;
  readonly #attachment: Attachment;

  constructor(kernel: Kernel, attachment: Attachment) {
    this.#kernel = kernel;
    this.#attachment = attachment;
  }

  get mode(): ReceiveMode {
    return this.#attachment.mode;
  }

  get closed(): boolean {
    return this.#attachment.closed;
  }

  /** Up to `max` messages that are available now. */
  take(max: number): Delivery[] {
    refuseClosed(this.#attachment);
    const taken = takeUpTo(this.#kernel, this.#attachment, max);
    flush(this.#kernel);
    return taken;
  }

  /**
   * Calls `wake` once when there is something to take: before this returns if there is already. Receivers are woken in
   * the order in which they asked; a new call replaces the old, `undefined` takes it back. Must not throw.
   */
  onAvailable(wake: (() => void) | undefined): void {
    refuseClosed(this.#attachment);
    this.#attachment.wake = wake;
    request(this.#kernel, this.#attachment);
  }

  /** Sets how many messages may be pushed to `deliver` from now on. */
  flow(credit: number): void {
    refuseClosed(this.#attachment);
    this.#attachment.credit = this.#attachment.deliver === undefined ? 0 : credit;
    request(this.#kernel, this.#attachment);
  }

  /** Pushes what is available, sets the credit to zero and returns what was left of it. */
  drain(): number {
    const attachment = this.#attachment;
    refuseClosed(attachment);
    stopWaiting(attachment);
    while (pushOne(this.#kernel, attachment)) stopWaiting(attachment);
    const left = attachment.credit;
    attachment.credit = 0;
    if (attachment.wake !== undefined) wait(attachment);
    flush(this.#kernel);
    return left;
  }

  /** Deferred messages by number, all or none. @throws {BrokerError} `com.microsoft:message-not-found` */
  receiveDeferred(sequenceNumbers: readonly number[]): Delivery[] {
    refuseClosed(this.#attachment);
    const taken = takeDeferred(this.#kernel, this.#attachment, sequenceNumbers);
    flush(this.#kernel);
    return taken;
  }

  complete(delivery: Delivery): void {
    this.#settle(delivery, complete);
  }

  abandon(delivery: Delivery, properties?: Readonly<Record<string, PropertyValue>>): void {
    this.#settle(delivery, { type: "abandon", properties });
  }

  /** Gives the message back uncounted. */
  release(delivery: Delivery): void {
    this.#settle(delivery, release);
  }

  defer(delivery: Delivery, properties?: Readonly<Record<string, PropertyValue>>): void {
    this.#settle(delivery, { type: "defer", properties });
  }

  deadLetter(delivery: Delivery, options?: DeadLetterOptions): void {
    this.#settle(delivery, { ...options, type: "deadLetter" });
  }

  /** Returns the new end of the lock. @throws {BrokerError} `amqp:not-allowed` in a session: renew the session. */
  renewLock(delivery: Delivery): number {
    const record = held(this.#attachment, delivery);
    if (record.lane.session !== undefined) throw notAllowed("In a session the session's lock is renewed.");
    return renewRecord(this.#kernel, record);
  }

  /** Ends the receiver. Plain locks live on until they expire; a session and its messages are given back uncounted. */
  close(): void {
    detach(this.#kernel, this.#attachment);
    flush(this.#kernel);
  }

  #settle(delivery: Delivery, settlement: Settlement): void {
    const record = held(this.#attachment, delivery);
    try {
      settle(this.#kernel, record, settlement);
    } finally {
      flush(this.#kernel);
    }
  }
}

export function attach(lane: Lane, options: ReceiverOptions): Attachment {
  const attachment: Attachment = {
    lane,
    mode: options.mode ?? "peekLock",
    deliver: options.deliver,
    onDetach: options.onDetach,
    wake: undefined,
    credit: 0,
    waiting: false,
    closed: false,
    prev: undefined,
    next: undefined,
  };
  lane.store.receivers.add(attachment);
  return attachment;
}

const complete: Settlement = { type: "complete" };
const release: Settlement = { type: "release" };

function held(attachment: Attachment, delivery: Delivery): MessageRecord {
  const record = delivery.heldBy(attachment);
  if (record === undefined) throw lockLost(attachment.lane.store);
  return record;
}

/** Queues the receiver up behind the others, or takes it out when it no longer asks for anything. */
function request(kernel: Kernel, attachment: Attachment): void {
  if (attachment.wake === undefined && attachment.credit <= 0) {
    stopWaiting(attachment);
    return;
  }
  wait(attachment);
  if (attachment.lane.readyCount === 0) return;
  touch(kernel, attachment.lane);
  flush(kernel);
}

function refuseClosed(attachment: Attachment): void {
  if (attachment.closed) throw lockLost(attachment.lane.store);
}
