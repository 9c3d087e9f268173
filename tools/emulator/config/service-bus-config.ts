import type {
  QueueOptions,
  SubscriptionOptions,
  TopicOptions,
} from "../../../adapters/memory/broker/entity-options.js";
import type { Namespace } from "../namespace.js";
import { ConfigError } from "./config-error.js";
import type { Declaration } from "./declaration.js";
import type { JsonNode, Warn } from "./json-node.js";
import { readRule } from "./service-bus-rule.js";

/**
 * Reads `UserConfig.Namespaces` of the Service Bus emulator's Config.json. Its limits (50 entities, a TTL of one hour, ten
 * deliveries) are not ours; its defaults are, so that a file means here what it means there.
 *
 * Source: the schema of Azure/azure-service-bus-emulator-installer.
 * @throws {ConfigError}
 */
export function readServiceBusNamespaces(userConfig: JsonNode, warn: Warn): readonly Declaration[] {
  return userConfig.objects("Namespaces").flatMap((namespace) => {
    namespace.ignore("Name");
    const queues = namespace.objects("Queues").map((queue) => readQueue(queue, warn));
    const topics = namespace.objects("Topics").map((topic) => readTopic(topic, warn));
    namespace.warnOfRest(warn);
    return [...queues, ...topics];
  });
}

function readQueue(node: JsonNode, warn: Warn): Declaration {
  const name = readName(node);
  const properties = node.object("Properties");
  const options: QueueOptions = { ...readSending(properties, warn), ...readHolding(properties) };
  const forwarding = readForwarding(properties);
  properties?.warnOfRest(warn);
  node.warnOfRest(warn);
  return {
    family: "queue, topic or hub",
    name,
    source: node.path,
    create: (namespace) => namespace.createQueue(name, options),
    connect: (namespace) => {
      namespace.enter(() => {
        namespace.broker.updateQueue(name, forwarding);
      });
    },
  };
}

function readTopic(node: JsonNode, warn: Warn): Declaration {
  const name = readName(node);
  const properties = node.object("Properties");
  const options = readSending(properties, warn);
  const subscriptions = node.objects("Subscriptions").map((each) => readSubscription(each, warn));
  properties?.warnOfRest(warn);
  node.warnOfRest(warn);
  return {
    family: "queue, topic or hub",
    name,
    source: node.path,
    create: (namespace) => {
      namespace.createTopic(name, options);
      for (const subscription of subscriptions) createSubscription(namespace, name, subscription);
    },
    connect: (namespace) => {
      namespace.enter(() => {
        for (const { name: subscription, forwarding } of subscriptions) {
          namespace.broker.updateSubscription(name, subscription, forwarding);
        }
      });
    },
  };
}

interface Subscription {
  readonly name: string;
  readonly path: string;
  readonly options: SubscriptionOptions;
  readonly forwarding: Forwarding;
}

function readSubscription(node: JsonNode, warn: Warn): Subscription {
  const name = node.requiredText("Name");
  const properties = node.object("Properties");
  const rules = node.objects("Rules").map((rule) => readRule(rule, warn));
  const options: SubscriptionOptions = {
    ...readTimeToLive(properties),
    ...readHolding(properties),
    // Without rules a subscription has the default one, there as here.
    ...(rules.length > 0 ? { rules } : {}),
  };
  const forwarding = readForwarding(properties);
  properties?.warnOfRest(warn);
  node.warnOfRest(warn);
  return { name, path: node.path, options, forwarding };
}

function createSubscription(
  namespace: Namespace,
  topic: string,
  { name, path, options }: Subscription,
): void {
  try {
    namespace.enter(() => {
      namespace.broker.createSubscription(topic, name, options);
    });
  } catch (error) {
    throw new ConfigError(path, `cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function readName(node: JsonNode): string {
  const name = node.requiredText("Name");
  if (/^[A-Za-z0-9]$|^[A-Za-z0-9][\w\-./]*[A-Za-z0-9]$/.test(name)) return name;
  throw new ConfigError(
    `${node.path}.Name`,
    `is ${JSON.stringify(name)}: write letters, digits, dots, dashes, underscores and slashes, a letter or digit first and last`,
  );
}

/** The emulator takes windows down to five seconds; the service, and so the broker, takes none below this. */
const shortestWindowMs = 20_000;

function readSending(properties: JsonNode | undefined, warn: Warn): TopicOptions {
  const requiresDuplicateDetection = properties?.flag("RequiresDuplicateDetection") ?? false;
  const windowMs = properties?.durationMs("DuplicateDetectionHistoryTimeWindow") ?? shortestWindowMs;
  const timeToLive = readTimeToLive(properties);
  if (properties === undefined || !requiresDuplicateDetection) return timeToLive;
  if (windowMs < shortestWindowMs) {
    warn(`${properties.path}.DuplicateDetectionHistoryTimeWindow is below PT20S, which it is taken for`);
  }
  const duplicateDetectionWindowMs = Math.max(windowMs, shortestWindowMs);
  return { ...timeToLive, requiresDuplicateDetection, duplicateDetectionWindowMs };
}

const defaultTimeToLiveMs = 3_600_000;

function readTimeToLive(properties: JsonNode | undefined): Pick<QueueOptions, "defaultTimeToLiveMs"> {
  return { defaultTimeToLiveMs: properties?.durationMs("DefaultMessageTimeToLive") ?? defaultTimeToLiveMs };
}

const defaultDeliveries = 3;

function readHolding(properties: JsonNode | undefined): SubscriptionOptions {
  const lockDurationMs = properties?.durationMs("LockDuration");
  return {
    deadLetteringOnMessageExpiration: properties?.flag("DeadLetteringOnMessageExpiration") ?? false,
    maxDeliveryCount: properties?.wholeNumber("MaxDeliveryCount", 1) ?? defaultDeliveries,
    requiresSession: properties?.flag("RequiresSession") ?? false,
    ...(lockDurationMs !== undefined ? { lockDurationMs } : {}),
  };
}

type Forwarding = Required<Pick<QueueOptions, "forwardTo" | "forwardDeadLetteredMessagesTo">>;

function readForwarding(properties: JsonNode | undefined): Forwarding {
  return {
    forwardTo: properties?.text("ForwardTo") ?? "",
    forwardDeadLetteredMessagesTo: properties?.text("ForwardDeadLetteredMessagesTo") ?? "",
  };
}
