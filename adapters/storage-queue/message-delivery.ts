import type { DequeuedMessageItem } from "@azure/storage-queue";
import {
  fromAmqp,
  fromStructuredJson,
  isWaybillError,
  WaybillError,
  type BrokerFacts,
  type Delivery,
  type Envelope,
  type Runtime,
} from "../../src/transport/index.js";
import { bytesOf } from "./message-text.js";

/** A message of a queue, invisible to others while this lasts. */
export class MessageDelivery implements Delivery {
  readonly envelope: Envelope;
  readonly defect?: WaybillError;
  readonly lane = undefined;
  readonly deliveryCount: number;
  readonly broker: BrokerFacts;
  readonly native: DequeuedMessageItem;
  /** Whether its text is a CloudEvent, which may be spelled anew with its history. */
  readonly isEvent: boolean;
  lockedUntilMs: number;
  #popReceipt: string;
  #settled = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(native: DequeuedMessageItem, lockedUntilMs: number) {
    const { envelope, defect, isEvent } = readText(native.messageId, native.messageText);
    this.envelope = envelope;
    if (defect !== undefined) this.defect = defect;
    this.isEvent = isEvent;
    this.deliveryCount = native.dequeueCount;
    this.broker = { messageId: native.messageId, enqueuedAtMs: native.insertedOn.getTime() };
    this.native = native;
    this.lockedUntilMs = lockedUntilMs;
    this.#popReceipt = native.popReceipt;
  }

  /**
   * Does something that needs the newest pop receipt. One thing after the other: each update makes a new receipt, and a
   * renewal must not take the receipt away under a settlement.
   *
   * The service takes a receipt until somebody else receives the message. Here it ends with the lock, as on every other
   * transport: what was put back to others is nobody's to settle.
   *
   * @throws {WaybillError} `lockLost` when its time is up, and once it is settled
   */
  use<T>({ now }: Pick<Runtime, "now">, operation: (popReceipt: string) => Promise<T>): Promise<T> {
    const done = this.#last.then(() => {
      const what = `message ${this.broker.messageId}`;
      if (this.#settled) throw new WaybillError("lockLost", `${what} was settled already`);
      if (now() >= this.lockedUntilMs)
        throw new WaybillError("lockLost", `${what} is visible to others again`);
      return operation(this.#popReceipt);
    });
    this.#last = done.catch(() => undefined);
    return done;
  }

  /** Keeps the receipt of an update. */
  renewed(popReceipt: string | undefined, lockedUntilMs: number): void {
    if (popReceipt !== undefined) this.#popReceipt = popReceipt;
    this.lockedUntilMs = lockedUntilMs;
  }

  /** Nothing can be done with it any more. */
  settled(): void {
    this.#settled = true;
  }
}

/** Whether `native` of a delivery is a message of `@azure/storage-queue`. */
export const isStorageQueueMessage = (native: unknown): native is DequeuedMessageItem =>
  typeof native === "object" && native !== null && "popReceipt" in native && "messageText" in native;

/** What a text says. What is no CloudEvent is a foreign message, whose body is all of it. */
export function readText(
  messageId: string,
  text: string,
): { readonly envelope: Envelope; readonly defect?: WaybillError; readonly isEvent: boolean } {
  const body = bytesOf(text);
  try {
    return { envelope: fromStructuredJson(body), isEvent: true };
  } catch (error) {
    if (!isWaybillError(error)) throw error;
    const foreign = { envelope: fromAmqp({ messageId, body }, messageId), isEvent: false };
    // What calls itself a CloudEvent and is none is broken, not foreign.
    return body.includes('"specversion"') ? { ...foreign, defect: error } : foreign;
  }
}
