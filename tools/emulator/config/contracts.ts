import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createChannelEntity,
  type DeclaredChannel,
  type EntityMaker,
} from "../../../adapters/memory/broker/channels/channel-entity.js";
import type { Namespace } from "../namespace.js";
import { ConfigError } from "./config-error.js";
import type { Declaration, TopicKeys } from "./declaration.js";

/** A contract module: its path, or what it exports (`import * as contracts from …`), or one of its channels. */
export type ContractSource = string | object;

/**
 * Reads the channels that a module exports, made by `queue`, `topic`, `stream` and `notifications` of
 * `waybill/contracts`. They become what the in-memory adapter makes of them.
 *
 * @throws {ConfigError} if the module cannot be loaded, or exports no channel
 */
export async function readContracts(source: ContractSource): Promise<readonly Declaration[]> {
  const name = typeof source === "string" ? source : "contracts";
  const exported = typeof source === "string" ? await load(source) : source;
  const channels = channelsIn(exported, name);
  if (channels.length > 0) return channels;
  throw new ConfigError(
    name,
    "exports no channel: export what queue(), topic(), stream() or notifications() made",
  );
}

async function load(path: string): Promise<object> {
  const file = resolve(path);
  try {
    return (await import(pathToFileURL(file).href)) as object;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ERR_UNKNOWN_FILE_EXTENSION") {
      throw new ConfigError(
        path,
        "is TypeScript, which this Node does not read: compile it, or start with NODE_OPTIONS='--import tsx'",
      );
    }
    const text = error instanceof Error ? error.message : String(error);
    throw new ConfigError(path, `cannot be loaded: ${text.split("\n")[0] ?? ""}`);
  }
}

function channelsIn(exported: object, source: string): readonly Declaration[] {
  if ("~channel" in exported) return [declarationOf(exported["~channel"], source)];
  return Object.entries(exported).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== "object" || value === null) return [];
    if ("~channel" in value) return [declarationOf(value["~channel"], `${source} (${name})`)];
    // What a CommonJS module exports is found under `default` too, and nowhere else if Node sees no names in it.
    return name === "default" ? channelsIn(value, source) : [];
  });
}

const kinds: readonly string[] = ["queue", "topic", "stream", "notifications"];

/** A contract may come from another copy of waybill, older or newer: its format says whether it can be read. */
function declarationOf(channel: unknown, source: string): Declaration {
  const { format, name, kind } = channel as {
    readonly format?: unknown;
    readonly name?: unknown;
    readonly kind?: unknown;
  };
  if (format !== 1 || typeof name !== "string" || typeof kind !== "string" || !kinds.includes(kind)) {
    throw new ConfigError(
      source,
      "is a channel of another waybill: install the same version of waybill and waybill-tools",
    );
  }
  const declared = channel as DeclaredChannel;
  return {
    family: kind === "notifications" ? "Event Grid topic" : "queue, topic or hub",
    name,
    source,
    shape: shapeOf(declared),
    create: (namespace, keys) => createChannelEntity(makerOf(namespace, keys), name, declared),
  };
}

/** Only what shapes the entity: two that differ in a description are one. */
function shapeOf({ kind, settings }: DeclaredChannel): string {
  const { ordered, dedupWindowMs, lockMs, ttlMs, maxDeliveries, partitions, retentionMs, subscriptions } =
    settings;
  const shape = [
    ordered,
    dedupWindowMs,
    lockMs,
    ttlMs,
    maxDeliveries,
    partitions,
    retentionMs,
    subscriptions,
  ];
  return `${kind} ${JSON.stringify(shape)}`;
}

function makerOf(namespace: Namespace, keys: TopicKeys): EntityMaker {
  const { broker, notifier } = namespace;
  return {
    createQueue: (name, options) => namespace.createQueue(name, options),
    createTopic: (name, options) => namespace.createTopic(name, options),
    createHub: (name, options) => namespace.createHub(name, options),
    createSubscription: (topic, name, options) => {
      namespace.enter(() => {
        broker.createSubscription(topic, name, options);
      });
    },
    createNotifications: (name) => {
      namespace.enter(() => {
        notifier.createTopic(name, { keys });
      });
    },
  };
}
