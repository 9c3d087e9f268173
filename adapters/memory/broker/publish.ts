import { deadLetterArrival, type DeadLetterOptions } from "./dead-letter.js";
import type { SubscriptionEntity, TopicEntity } from "./entities.js";
import type { Kernel } from "./kernel.js";
import type { BrokerMessage } from "./message.js";
import { maxPropertiesBytes, measure, propertiesSize } from "./message-size.js";
import type { Arrival } from "./record.js";
import { headerTooLarge } from "./settle.js";
import { storeActive } from "./store.js";

/**
 * Gives every subscription whose rules select the message its copies, and returns the topic's number of the message.
 *
 * The rules without action make one copy together; each rule with an action makes its own.
 */
export function publish(kernel: Kernel, topic: TopicEntity, arrival: Arrival): number {
  const sequenceNumber = (topic.store.lastSequenceNumber += 1);
  // Several receivers get these objects: nobody may change them for the others.
  const message = freeze(arrival.message);
  const { sizeBytes, enqueuedMs, origin } = arrival;
  const copy: Arrival = {
    message,
    sizeBytes,
    enqueuedMs,
    origin:
      origin.enqueuedSequenceNumber === 0 ? { ...origin, enqueuedSequenceNumber: sequenceNumber } : origin,
  };
  for (const subscription of topic.fanOut.candidates(message)) {
    if (subscription.rules.copiesAll) deliver(kernel, subscription, copy);
    else select(kernel, subscription, copy);
  }
  return sequenceNumber;
}

function select(kernel: Kernel, subscription: SubscriptionEntity, arrival: Arrival): void {
  const { rules, acceptsAll } = subscription.rules;
  let selected = acceptsAll;
  let failure: Error | undefined;
  for (const { compiled } of rules) {
    if (compiled.apply === undefined && selected) continue;
    try {
      if (!compiled.matches(arrival.message)) continue;
      if (compiled.apply === undefined) selected = true;
      else deliverChanged(kernel, subscription, arrival, compiled.apply(arrival.message));
    } catch (error) {
      failure ??= asError(error);
    }
  }
  if (selected) deliver(kernel, subscription, arrival);
  if (failure !== undefined && subscription.options.deadLetteringOnFilterEvaluationExceptions) {
    bury(kernel, subscription, arrival, { reason: failure.name, description: failure.message });
  }
}

function deliver(kernel: Kernel, subscription: SubscriptionEntity, arrival: Arrival): void {
  if (subscription.store.settings.requiresSession && arrival.message.sessionId === undefined) {
    bury(kernel, subscription, arrival, sessionIdMissing);
  } else storeActive(kernel, subscription.store, arrival);
}

/** An action's copy has its own size. Its schedule is ignored: the message has been enqueued already. */
function deliverChanged(
  kernel: Kernel,
  subscription: SubscriptionEntity,
  arrival: Arrival,
  message: BrokerMessage,
): void {
  const changed = { ...arrival, message: freeze(message), sizeBytes: measure(message) };
  if (propertiesSize(message) > maxPropertiesBytes) bury(kernel, subscription, changed, headerTooLarge);
  else deliver(kernel, subscription, changed);
}

const sessionIdMissing: DeadLetterOptions = {
  reason: "Session ID is null.",
  description: "Session enabled entity doesn't allow a message whose session identifier is null.",
};

function bury(
  kernel: Kernel,
  subscription: SubscriptionEntity,
  arrival: Arrival,
  why: DeadLetterOptions,
): void {
  const { deadLetters } = subscription.store;
  if (deadLetters !== undefined) deadLetterArrival(kernel, deadLetters, arrival.message, why, arrival);
}

/** The broker owns what it was sent, so it freezes that and no copy: V8 takes a microsecond to freeze a spread copy. */
function freeze(message: BrokerMessage): BrokerMessage {
  if (message.applicationProperties !== undefined) Object.freeze(message.applicationProperties);
  return Object.freeze(message);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
