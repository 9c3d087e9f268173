import type { Declaration } from "./declaration.js";
import { ConfigError } from "./config-error.js";
import type { JsonNode, Warn } from "./json-node.js";

/**
 * Reads `UserConfig.NamespaceConfig` of the Event Hubs emulator's Config.json, without its limits (10 hubs, 20 groups).
 *
 * Source: the schema of Azure/azure-event-hubs-emulator-installer.
 * @throws {ConfigError}
 */
export function readEventHubsNamespaces(userConfig: JsonNode, warn: Warn): readonly Declaration[] {
  return userConfig.objects("NamespaceConfig").flatMap((namespace) => {
    namespace.ignore("Name");
    namespace.oneOf("Type", ["EventHub"]);
    const hubs = namespace.objects("Entities").map((hub) => readHub(hub, warn));
    namespace.warnOfRest(warn);
    return hubs;
  });
}

function readHub(node: JsonNode, warn: Warn): Declaration {
  const name = node.requiredText("Name");
  const partitions = node.wholeNumber("PartitionCount", 1) ?? 1;
  const groups = node.objects("ConsumerGroups").map((group) => readGroup(group, warn));
  node.warnOfRest(warn);
  return {
    family: "queue, topic or hub",
    name,
    source: node.path,
    create: (namespace) => {
      namespace.createHub(name, { partitions });
      namespace.enter(() => {
        for (const group of groups) namespace.streams.createConsumerGroup(name, group);
      });
    },
  };
}

function readGroup(node: JsonNode, warn: Warn): string {
  const name = node.requiredText("Name");
  node.warnOfRest(warn);
  if (name.toLowerCase() !== "$default") return name;
  throw new ConfigError(`${node.path}.Name`, "is $Default, which every hub has: remove it");
}
