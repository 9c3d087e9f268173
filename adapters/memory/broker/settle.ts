import { deadLetter, withProperties, type DeadLetterOptions } from "./dead-letter.js";
import { countDelivery, giveBack } from "./give-back.js";
import type { Kernel } from "./kernel.js";
import type { PropertyValue } from "./message.js";
import { maxPropertiesBytes, measure, propertiesSize } from "./message-size.js";
import { messageState, type MessageRecord } from "./record.js";
import { notAllowed } from "./refusals.js";
import { removeRecord, rewrite } from "./store.js";

/** What to do with a locked message. `properties` are merged into its application properties. */
export type Settlement =
  | { readonly type: "complete" }
  /** Redelivered at its place in the sequence; counts as a delivery. */
  | { readonly type: "abandon"; readonly properties?: Properties | undefined }
  /** Redelivered, not counted: AMQP `released`. */
  | { readonly type: "release" }
  /** Kept until it is received by sequence number; counts as a delivery. */
  | { readonly type: "defer"; readonly properties?: Properties | undefined }
  | ({ readonly type: "deadLetter" } & DeadLetterOptions);

type Properties = Readonly<Record<string, PropertyValue>>;

/**
 * Settles a message whose lock the caller has checked.
 *
 * @throws {BrokerError} `amqp:not-allowed` for dead-lettering from a dead-letter queue; the message is available again.
 */
export function settle(kernel: Kernel, record: MessageRecord, settlement: Settlement): void {
  switch (settlement.type) {
    case "complete":
      removeRecord(kernel, record);
      return;
    case "abandon":
      if (modify(kernel, record, settlement.properties)) giveBack(kernel, record, { counted: true });
      return;
    case "release":
      giveBack(kernel, record, { counted: false });
      return;
    case "defer":
      if (modify(kernel, record, settlement.properties)) defer(kernel, record);
      return;
    case "deadLetter":
      if (record.store.role === "deadLetter") {
        giveBack(kernel, record, { counted: false });
        throw notAllowed(
          "A message of a dead-letter queue cannot be dead-lettered: complete it or send it again.",
        );
      }
      deadLetter(kernel, record, settlement);
  }
}

function defer(kernel: Kernel, record: MessageRecord): void {
  if (countDelivery(kernel, record, true)) return;
  record.state = messageState.deferred;
  record.store.deferred.set(record.sequenceNumber, record);
}

/** False when the properties outgrew the header, which sends the message to the dead-letter queue instead. */
function modify(kernel: Kernel, record: MessageRecord, properties: Properties | undefined): boolean {
  if (properties === undefined) return true;
  const message = withProperties(record.message, properties);
  rewrite(record, message, measure(message));
  if (propertiesSize(message) <= maxPropertiesBytes || record.store.deadLetters === undefined) return true;
  deadLetter(kernel, record, headerTooLarge);
  return false;
}

/** Why a message is dead whose properties grew beyond the limit after it was accepted. */
export const headerTooLarge: DeadLetterOptions = {
  reason: "HeaderSizeExceeded",
  description: "The size quota for this stream has been exceeded.",
};
