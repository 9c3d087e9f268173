import { BrokerError } from "../broker-error.js";

// Texts as captured from the service; clients and their users match on parts of them.

export function notFound(entity: string): BrokerError {
  return new BrokerError("amqp:not-found", `The messaging entity '${entity}' could not be found.`);
}

export function alreadyExists(entity: string): BrokerError {
  return new BrokerError(
    "com.microsoft:entity-already-exists",
    `The messaging entity '${entity}' already exists.`,
  );
}

export function notAllowed(message: string): BrokerError {
  return new BrokerError("amqp:not-allowed", message);
}

export function invalidArgument(message: string): BrokerError {
  return new BrokerError("com.microsoft:argument-error", message);
}

export function outOfRange(message: string): BrokerError {
  return new BrokerError("com.microsoft:argument-out-of-range", message);
}

export function invalidPartition(partitions: number): BrokerError {
  return outOfRange(
    "The specified partition is invalid for an EventHub partition sender or receiver. " +
      `It should be between 0 and ${String(partitions - 1)}.\nParameter name: PartitionId`,
  );
}

export function batchTooLarge(sizeBytes: number, limitBytes: number): BrokerError {
  return new BrokerError(
    "amqp:link:message-size-exceeded",
    `The received message (delivery-id:0, size:${String(sizeBytes)} bytes) exceeds the limit ` +
      `(${String(limitBytes)} bytes) currently allowed on the link.`,
  );
}

/** Who took part in a contest for a partition; `nil` is how the service writes a missing receiver name. */
export interface Contender {
  readonly receiverName?: string | undefined;
  readonly ownerLevel?: number | undefined;
}

/** The one who is detached because `winner` attached. */
export function readerStolen(loser: Contender, winner: Contender): BrokerError {
  return new BrokerError(
    "amqp:link:stolen",
    `New receiver '${nameOf(winner)}' with higher epoch of '${epochOf(winner)}' is created hence current receiver ` +
      `'${nameOf(loser)}' with epoch '${epochOf(loser)}' is getting disconnected. ` +
      "If you are recreating the receiver, make sure a higher epoch is used.",
  );
}

/** The one who may not attach because `holder` has a higher level. */
export function ownerLevelTooLow(refused: Contender, holder: Contender): BrokerError {
  return new BrokerError(
    "amqp:link:stolen",
    `Receiver '${nameOf(holder)}' with a higher epoch '${epochOf(holder)}' already exists. ` +
      `Receiver '${nameOf(refused)}' with epoch ${epochOf(refused)} cannot be created. Make sure you are creating ` +
      "receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed " +
      "or disconnected.",
  );
}

/** The one without a level who may not attach while one with a level is there. */
export function ownerLevelRequired(holder: Contender): BrokerError {
  return new BrokerError(
    "amqp:link:stolen",
    `At least one receiver for the endpoint is created with epoch of '${epochOf(holder)}', and so non-epoch ` +
      "receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed " +
      "or disconnected.",
  );
}

export function tooManyReaders(limit: number, connected: readonly Contender[]): BrokerError {
  return new BrokerError(
    "amqp:resource-limit-exceeded",
    "Exceeded the maximum number of allowed receivers per partition in a consumer group which is " +
      `${String(limit)}. List of connected receivers - ${connected.map(nameOf).join(", ")}.`,
  );
}

export function producerStolen(): BrokerError {
  return new BrokerError(
    "com.microsoft:producer-epoch-stolen",
    "Another publisher of this producer group has attached with the same or a higher owner level.",
  );
}

export function outOfOrder(expected: number, found: number): BrokerError {
  return new BrokerError(
    "com.microsoft:out-of-order-sequence",
    `The batch begins with the publish sequence number ${String(found)}, but ${String(expected)} comes next.`,
  );
}

function nameOf(contender: Contender): string {
  return contender.receiverName ?? "nil";
}

function epochOf(contender: Contender): string {
  return String(contender.ownerLevel ?? -1);
}
