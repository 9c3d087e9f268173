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
import { pushOne, stopWaiting, takeDeferred, takeOne, wait } from "./receive.js";
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
export interface Receiver {
  readonly mode: ReceiveMode;
  readonly closed: boolean;
  /** Up to `max` messages that are available now. */
  take(max: number): Delivery[];
  /**
   * Calls `wake` once when there is something to take: before this returns if there is already. Receivers are woken in
   * the order in which they asked; a new call replaces the old, `undefined` takes it back. Must not throw.
   */
  onAvailable(wake: (() => void) | undefined): void;
  /** Sets how many messages may be pushed to `deliver` from now on. */
  flow(credit: number): void;
  /** Pushes what is available, sets the credit to zero and returns what was left of it. */
  drain(): number;
  /** Deferred messages by number, all or none. @throws {BrokerError} `com.microsoft:message-not-found` */
  receiveDeferred(sequenceNumbers: readonly number[]): Delivery[];
  complete(delivery: Delivery): void;
  abandon(delivery: Delivery, properties?: Readonly<Record<string, PropertyValue>>): void;
  /** Gives the message back uncounted. */
  release(delivery: Delivery): void;
  defer(delivery: Delivery, properties?: Readonly<Record<string, PropertyValue>>): void;
  deadLetter(delivery: Delivery, options?: DeadLetterOptions): void;
  /** Returns the new end of the lock. @throws {BrokerError} `amqp:not-allowed` in a session: renew the session. */
  renewLock(delivery: Delivery): number;
  /** Ends the receiver. Plain locks live on until they expire; a session and its messages are given back uncounted. */
  close(): void;
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

export function createReceiver(kernel: Kernel, attachment: Attachment): Receiver {
  return {
    mode: attachment.mode,
    get closed() {
      return attachment.closed;
    },
    ...pulling(kernel, attachment),
    ...pushing(kernel, attachment),
    ...settling(kernel, attachment),
    close() {
      detach(kernel, attachment);
      flush(kernel);
    },
  };
}

function pulling(
  kernel: Kernel,
  attachment: Attachment,
): Pick<Receiver, "take" | "onAvailable" | "receiveDeferred"> {
  return {
    take(max) {
      refuseClosed(attachment);
      const taken: Delivery[] = [];
      while (taken.length < max) {
        const delivery = takeOne(kernel, attachment);
        if (delivery === undefined) break;
        taken.push(delivery);
      }
      flush(kernel);
      return taken;
    },
    onAvailable(wake) {
      refuseClosed(attachment);
      attachment.wake = wake;
      request(kernel, attachment);
    },
    receiveDeferred(sequenceNumbers) {
      refuseClosed(attachment);
      const taken = takeDeferred(kernel, attachment, sequenceNumbers);
      flush(kernel);
      return taken;
    },
  };
}

function pushing(kernel: Kernel, attachment: Attachment): Pick<Receiver, "flow" | "drain"> {
  return {
    flow(credit) {
      refuseClosed(attachment);
      attachment.credit = attachment.deliver === undefined ? 0 : credit;
      request(kernel, attachment);
    },
    drain() {
      refuseClosed(attachment);
      stopWaiting(attachment);
      while (pushOne(kernel, attachment)) stopWaiting(attachment);
      const left = attachment.credit;
      attachment.credit = 0;
      if (attachment.wake !== undefined) wait(attachment);
      flush(kernel);
      return left;
    },
  };
}

type Settling = "complete" | "abandon" | "release" | "defer" | "deadLetter" | "renewLock";

function settling(kernel: Kernel, attachment: Attachment): Pick<Receiver, Settling> {
  const apply = (delivery: Delivery, settlement: Settlement): void => {
    const record = held(attachment, delivery);
    try {
      settle(kernel, record, settlement);
    } finally {
      flush(kernel);
    }
  };
  return {
    complete(delivery) {
      settle(kernel, held(attachment, delivery), complete);
      flush(kernel);
    },
    abandon: (delivery, properties) => {
      apply(delivery, { type: "abandon", properties });
    },
    release: (delivery) => {
      apply(delivery, release);
    },
    defer: (delivery, properties) => {
      apply(delivery, { type: "defer", properties });
    },
    deadLetter: (delivery, options) => {
      apply(delivery, { ...options, type: "deadLetter" });
    },
    renewLock(delivery) {
      const record = held(attachment, delivery);
      if (record.lane.session !== undefined) throw notAllowed("In a session the session's lock is renewed.");
      return renewRecord(kernel, record);
    },
  };
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
