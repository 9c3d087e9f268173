import type {
  ServiceBusClient,
  ServiceBusReceiver,
  ServiceBusSessionReceiver,
  ServiceBusSessionReceiverOptions,
} from "@azure/service-bus";
import type { EndSignal, QueueSource, SubscriptionSource } from "../../src/transport/index.js";

/** A queue, or a subscription of a topic. */
export interface EntityPath {
  readonly name: string;
  readonly subscription: string | undefined;
}

export const pathOf = (source: QueueSource | SubscriptionSource): EntityPath => ({
  name: source.address,
  subscription: source.kind === "subscription" ? source.subscription : undefined,
});

/** As in texts, for example `orders/Subscriptions/billing`. */
export const textOf = ({ name, subscription }: EntityPath): string =>
  subscription === undefined ? name : `${name}/Subscriptions/${subscription}`;

/** Bodies stay the bytes that they are, and locks are renewed by the core. */
const reading = {
  receiveMode: "peekLock",
  skipParsingBodyAsJson: true,
  maxAutoLockRenewalDurationInMs: 0,
} as const;

/** Opens no link yet. */
export function createReceiver(
  client: ServiceBusClient,
  { name, subscription }: EntityPath,
  subQueue?: "deadLetter",
): ServiceBusReceiver {
  const options = subQueue === undefined ? reading : { ...reading, subQueueType: subQueue };
  return subscription === undefined
    ? client.createReceiver(name, options)
    : client.createReceiver(name, subscription, options);
}

/** The next session with messages, or the one that is named. */
export function acceptSession(
  client: ServiceBusClient,
  { name, subscription }: EntityPath,
  sessionId: string | undefined,
  abortSignal: EndSignal,
): Promise<ServiceBusSessionReceiver> {
  const options: ServiceBusSessionReceiverOptions = { ...reading, abortSignal };
  if (sessionId === undefined) {
    return subscription === undefined
      ? client.acceptNextSession(name, options)
      : client.acceptNextSession(name, subscription, options);
  }
  return subscription === undefined
    ? client.acceptSession(name, sessionId, options)
    : client.acceptSession(name, subscription, sessionId, options);
}
