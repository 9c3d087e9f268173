import {
  queueOptions,
  topicOptions,
  type QueueOptions,
  type TopicOptions,
} from "../../../../adapters/memory/broker/entity-options.js";
import { notFound } from "../../../../adapters/memory/broker/stream/stream-errors.js";
import type { EntityKind } from "../../namespace.js";
import { emptyFeedXml, type AtomEntry } from "./atom.js";
import { readHub, writeHub } from "./hub-description.js";
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
import { readQueue, writeQueue } from "./queue-description.js";
import { readTopic, writeTopic } from "./topic-description.js";

/** Creates, changes, shows and deletes a queue, topic or event hub. */
export function entityOperation(operation: Operation, name: string): Answer {
  const { namespace, method } = operation;
  switch (method) {
    case "PUT":
      return operation.isUpdate ? update(operation, name) : create(operation, name);
    case "GET": {
      const kind = namespace.kindOf(name);
      return kind === undefined
        ? { status: 200, xml: emptyFeedXml() }
        : entryAnswer(operation, entry[kind](operation, name));
    }
    case "DELETE":
      remove(operation, name);
      return noContent;
    default:
      return refuseMethod(method);
  }
}

/** Lists the queues, topics or hubs. */
export function listEntities(operation: Operation, kind: EntityKind): Answer {
  const { broker } = operation.namespace;
  const names = {
    queue: () => broker.queues(),
    topic: () => broker.topics(),
    hub: () => operation.namespace.hubs(),
  }[kind]();
  return feedAnswer(operation, titles[kind], sorted(names), (name) => entry[kind](operation, name));
}

const titles = { queue: "Queues", topic: "Topics", hub: "EventHubs" } as const;

const kinds = { QueueDescription: "queue", TopicDescription: "topic", EventHubDescription: "hub" } as const;

/** The entry of an entity that exists. */
const entry: Readonly<Record<EntityKind, (operation: Operation, name: string) => AtomEntry>> = {
  queue({ namespace, clock, place }, name) {
    const queue = namespace.broker.getQueue(name);
    return {
      ...atomOf(queue.name, clock.toWire(queue.updatedMs)),
      element: "QueueDescription",
      description: writeQueue(queue, clock, place.origin),
    };
  },
  topic({ namespace, clock }, name) {
    const topic = namespace.broker.getTopic(name);
    return {
      ...atomOf(topic.name, clock.toWire(topic.updatedMs)),
      element: "TopicDescription",
      description: writeTopic(topic, clock, namespace.broker.subscriptions(name).length),
    };
  },
  hub({ namespace, clock }, name) {
    const hub = namespace.streams.hubProperties(name);
    return {
      ...atomOf(hub.name, clock.toWire(hub.createdMs)),
      element: "EventHubDescription",
      description: writeHub(hub, clock),
    };
  },
};

const atomOf = (name: string, updatedMs: number): Pick<AtomEntry, "path" | "title" | "updated"> => ({
  path: name,
  title: name,
  updated: new Date(updatedMs).toISOString(),
});

function create(operation: Operation, name: string): Answer {
  const { namespace, place, path } = operation;
  checkName(name, place.origin + path);
  const { element, fields } = describedAs(
    operation,
    "QueueDescription",
    "TopicDescription",
    "EventHubDescription",
  );
  const kind = kinds[element];
  if (kind === "queue") namespace.createQueue(name, readQueue(fields));
  else if (kind === "topic") namespace.createTopic(name, readTopic(fields));
  else namespace.createHub(name, readHub(fields));
  return entryAnswer(operation, entry[kind](operation, name), 201);
}

function update(operation: Operation, name: string): Answer {
  const { namespace } = operation;
  const { element, fields } = describedAs(
    operation,
    "QueueDescription",
    "TopicDescription",
    "EventHubDescription",
  );
  const kind = kinds[element];
  if (namespace.kindOf(name) !== kind) throw notFound(name);
  if (kind === "queue") namespace.broker.updateQueue(name, wholeQueue(readQueue(fields)));
  else if (kind === "topic") namespace.broker.updateTopic(name, wholeTopic(readTopic(fields)));
  else namespace.streams.updateHub(name, readHub(fields));
  return entryAnswer(operation, entry[kind](operation, name));
}

function remove({ namespace }: Operation, name: string): void {
  const kind = namespace.kindOf(name);
  if (kind === "queue") namespace.deleteQueue(name);
  else if (kind === "topic") namespace.deleteTopic(name);
  else namespace.deleteHub(name);
}

/** An update replaces the description: what it leaves out goes back to its default, except what cannot change. */
function wholeQueue(given: QueueOptions): QueueOptions {
  const { requiresSession, requiresDuplicateDetection, maxMessageSizeBytes, ...rest } = queueOptions(
    "premium",
    given,
  );
  return {
    ...rest,
    ...("requiresSession" in given ? { requiresSession } : {}),
    ...("requiresDuplicateDetection" in given ? { requiresDuplicateDetection } : {}),
    ...("maxMessageSizeBytes" in given ? { maxMessageSizeBytes } : {}),
  };
}

function wholeTopic(given: TopicOptions): TopicOptions {
  const { requiresDuplicateDetection, maxMessageSizeBytes, ...rest } = topicOptions("premium", given);
  return {
    ...rest,
    ...("requiresDuplicateDetection" in given ? { requiresDuplicateDetection } : {}),
    ...("maxMessageSizeBytes" in given ? { maxMessageSizeBytes } : {}),
  };
}
