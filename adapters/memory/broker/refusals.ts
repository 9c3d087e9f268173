import { BrokerError } from "./broker-error.js";
import type { MessageStore } from "./store.js";

// Conditions and texts are those that Azure was seen to send; see the fact sheets' corrections, sections 1 and 3.

export const entityNotFound = (address: string): BrokerError =>
  new BrokerError(
    "amqp:not-found",
    `The messaging entity '${address}' could not be found. To know more visit https://aka.ms/sbResourceMgrExceptions.`,
  );

export const entityExists = (address: string): BrokerError =>
  new BrokerError("com.microsoft:entity-already-exists", `The messaging entity '${address}' already exists.`);

export const entityDisabled = (address: string, operation: "Send" | "Receive"): BrokerError =>
  new BrokerError(
    "com.microsoft:entity-disabled",
    operation === "Send"
      ? `Messaging entity '${address}' is currently disabled for Send operations.`
      : `Messaging entity '${address}' is currently disabled. For more information please see https://aka.ms/ServiceBusExceptions .`,
  );

export const notAllowed = (text: string): BrokerError => new BrokerError("amqp:not-allowed", text);

export const badArgument = (text: string): BrokerError =>
  new BrokerError("com.microsoft:argument-error", text);

export const outOfRange = (text: string): BrokerError =>
  new BrokerError("com.microsoft:argument-out-of-range", text);

export const tooLarge = (sizeBytes: number, limitBytes: number): BrokerError =>
  new BrokerError(
    "amqp:link:message-size-exceeded",
    `The received message (size:${String(sizeBytes)} bytes) exceeds the limit (${String(limitBytes)} bytes) currently allowed on the link.`,
  );

export const quotaExceeded = (address: string, sizeBytes: number, maxBytes: number): BrokerError =>
  new BrokerError(
    "amqp:resource-limit-exceeded",
    `The maximum entity size has been reached or exceeded for '${address}'. ` +
      `Size of entity in bytes:${String(sizeBytes)}, Max entity size in bytes: ${String(maxBytes)}. QuotaType: EntitySize`,
  );

export const messageNotFound = (sequenceNumber: number): BrokerError =>
  new BrokerError(
    "com.microsoft:message-not-found",
    `Failed to find the message with sequence number ${String(sequenceNumber)}, or it is locked.`,
  );

/** The lock of a message is gone; on a store with sessions that is the session's lock. */
export const lockLost = (store: MessageStore): BrokerError =>
  store.settings.requiresSession ? sessionLockLost() : messageLockLost();

export const messageLockLost = (): BrokerError =>
  new BrokerError(
    "com.microsoft:message-lock-lost",
    "The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue, " +
      "or was received by a different receiver instance.",
  );

export const sessionLockLost = (): BrokerError =>
  new BrokerError(
    "com.microsoft:session-lock-lost",
    "The session lock has expired on the MessageSession. Accept a new MessageSession.",
  );

export const sessionHeld = (sessionId: string): BrokerError =>
  new BrokerError(
    "com.microsoft:session-cannot-be-locked",
    `The requested session '${sessionId}' cannot be accepted. It may be locked by another receiver.`,
  );

export const noSessionInTime = (): BrokerError =>
  new BrokerError(
    "com.microsoft:timeout",
    "The operation did not complete within the allotted timeout. The time allotted to this operation may have been " +
      "a portion of a longer timeout.",
  );

export const unauthorized = (claim: string, address: string): BrokerError =>
  new BrokerError(
    "amqp:unauthorized-access",
    `Unauthorized access. '${claim}' claim(s) are required to perform this operation. Resource: '${address}'.`,
  );
