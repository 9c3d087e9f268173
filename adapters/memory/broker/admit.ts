import type { SendTarget } from "./entities.js";
import { standardMessageBytes } from "./entity-options.js";
import type { Kernel } from "./kernel.js";
import type { BrokerMessage } from "./message.js";
import { boundOf, measureExactly, measureSent } from "./message-size.js";
import { publish } from "./publish.js";
import { entityDisabled, notAllowed, outOfRange, quotaExceeded, tooLarge } from "./refusals.js";
import { BrokerError } from "./broker-error.js";
import { direct, type Origin } from "./record.js";
import { storeActive, storeScheduled } from "./store.js";

/**
 * Stores a batch, all of it or nothing, and returns the sequence number of each message. A duplicate gets a number too,
 * though nothing is stored.
 *
 * @throws {BrokerError} entity disabled, message or batch too large, entity full, session id missing
 */
export function send(kernel: Kernel, target: SendTarget, messages: readonly BrokerMessage[]): number[] {
  refuseDisabledSend(target);
  const numbers = new Array<number>(messages.length);
  let totalBytes = 0;
  let bodyBytes = 0;
  for (let at = 0; at < messages.length; at += 1) {
    const message = messages[at];
    if (message === undefined) continue;
    requireSessionId(target, message);
    totalBytes += numbers[at] = measureSent(message);
    bodyBytes += message.body.byteLength;
  }
  checkBatch(kernel, target, messages, boundOf(totalBytes, bodyBytes));
  checkRoom(target, totalBytes);
  for (let at = 0; at < messages.length; at += 1) {
    const message = messages[at];
    if (message !== undefined) numbers[at] = admit(kernel, target, message, numbers[at] ?? 0, direct);
  }
  return numbers;
}

/** Stores one message that has been checked: as a duplicate not at all, otherwise scheduled, queued or published. */
export function admit(
  kernel: Kernel,
  target: SendTarget,
  message: BrokerMessage,
  sizeBytes: number,
  origin: Origin,
): number {
  const nowMs = kernel.wheel.nowMs();
  const { store, dedup } = target;
  if (dedup !== undefined && message.messageId !== undefined && dedup.seenBefore(message.messageId, nowMs)) {
    return (store.lastSequenceNumber += 1);
  }
  const arrival = {
    message: message.messageId === undefined ? withId(kernel, message) : message,
    sizeBytes,
    enqueuedMs: nowMs,
    origin,
  };
  if (message.scheduledEnqueueTimeMs !== undefined) {
    const dueMs = message.scheduledEnqueueTimeMs - kernel.startMs;
    if (dueMs > nowMs) return storeScheduled(kernel, store, arrival, dueMs).sequenceNumber;
  }
  if (target.kind === "queue") return storeActive(kernel, store, arrival).sequenceNumber;
  return publish(kernel, target, arrival);
}

/** @throws {BrokerError} `amqp:resource-limit-exceeded` when `bytes` more do not fit. */
export function checkRoom(target: SendTarget, bytes: number): void {
  const { usedBytes, maxBytes } = target.store.quota;
  if (usedBytes + bytes > maxBytes) throw quotaExceeded(target.name, usedBytes, maxBytes);
}

/** @throws {BrokerError} `amqp:not-allowed` for a message without session id to a queue that requires sessions. */
export function requireSessionId(target: SendTarget, message: BrokerMessage): void {
  if (target.store.settings.requiresSession && message.sessionId === undefined) {
    throw notAllowed(
      "The SessionId was not set on a message, and it cannot be sent to the entity. Entities that have session support " +
        "enabled can only receive messages that have the SessionId set to a valid value.",
    );
  }
}

/** @throws {BrokerError} `com.microsoft:entity-disabled` */
export function refuseDisabledSend(target: SendTarget): void {
  if (!target.store.settings.sendable) throw entityDisabled(target.name, "Send");
}

const maxBatchMessages = 4_500;
const premiumBatchBytes = 1024 * 1024;

function checkBatch(
  kernel: Kernel,
  target: SendTarget,
  messages: readonly BrokerMessage[],
  boundBytes: number,
): void {
  if (messages.length === 0) {
    throw new BrokerError(
      "amqp:link:detach-forced",
      "The link received a batch message with no data in it. Detach origin: Publisher.",
    );
  }
  if (messages.length > maxBatchMessages) {
    throw outOfRange(
      `A batch of ${String(messages.length)} messages; at most ${String(maxBatchMessages)} are allowed.`,
    );
  }
  const { maxMessageBytes } = target.store.settings;
  const batchBytes = kernel.tier === "standard" ? standardMessageBytes : premiumBatchBytes;
  const limitBytes =
    messages.length === 1 ? maxMessageBytes : Math.min(batchBytes, maxMessageBytes * messages.length);
  if (boundBytes <= limitBytes) return;
  let totalBytes = 0;
  for (const message of messages) {
    const sizeBytes = measureExactly(message);
    if (sizeBytes > maxMessageBytes) throw tooLarge(sizeBytes, maxMessageBytes);
    totalBytes += sizeBytes;
  }
  if (totalBytes > limitBytes) throw tooLarge(totalBytes, limitBytes);
}

function withId(kernel: Kernel, message: BrokerMessage): BrokerMessage {
  return { ...message, messageId: kernel.nextId().replaceAll("-", "") };
}
