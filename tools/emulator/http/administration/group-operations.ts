import { notFound } from "../../../../adapters/memory/broker/stream/stream-errors.js";
import type { AtomEntry } from "./atom.js";
import {
  checkName,
  describedAs,
  entryAnswer,
  feedAnswer,
  noContent,
  refuseMethod,
  sorted,
  type Answer,
  type Operation,
} from "./operation.js";

/** Creates, shows and deletes a consumer group of an event hub. */
export function groupOperation(operation: Operation, hub: string, name: string): Answer {
  const { streams } = operation.namespace;
  switch (operation.method) {
    case "PUT":
      describedAs(operation, "ConsumerGroupDescription");
      if (operation.isUpdate) return entryAnswer(operation, groupEntry(operation, hub, name));
      checkName(name, operation.place.origin + operation.path);
      streams.createConsumerGroup(hub, name);
      return entryAnswer(operation, groupEntry(operation, hub, name), 201);
    case "GET":
      return entryAnswer(operation, groupEntry(operation, hub, name));
    case "DELETE":
      streams.deleteConsumerGroup(hub, name);
      return noContent;
    default:
      return refuseMethod(operation.method);
  }
}

export function listGroups(operation: Operation, hub: string): Answer {
  const names = sorted(operation.namespace.streams.hubProperties(hub).consumerGroups);
  return feedAnswer(operation, "ConsumerGroups", names, (name) => groupEntry(operation, hub, name));
}

function groupEntry({ namespace, clock }: Operation, hubName: string, name: string): AtomEntry {
  const hub = namespace.streams.hubProperties(hubName);
  const group = hub.consumerGroups.find((each) => each.toLowerCase() === name.toLowerCase());
  if (group === undefined) throw notFound(`${hub.name}/ConsumerGroups/${name}`);
  const created = new Date(clock.toWire(hub.createdMs)).toISOString();
  return {
    path: `${hub.name}/ConsumerGroups/${group}`,
    title: group,
    updated: created,
    element: "ConsumerGroupDescription",
    description: { CreatedAt: created, UpdatedAt: created },
  };
}
