import type { EntityKind, Namespace } from "../namespace.js";

/** An entity that an address leads to, and the rest of the address, which begins with a slash if it is not empty. */
export interface FoundEntity {
  readonly kind: EntityKind;
  readonly name: string;
  readonly rest: string;
}

/**
 * Finds the entity of an address like `orders/$management` or `sales/ConsumerGroups/g/Partitions/0`. Names may have slashes
 * themselves, so the longest name wins that exists.
 */
export function findEntity(namespace: Namespace, path: string): FoundEntity | undefined {
  for (const at of cuts(path)) {
    const name = path.slice(0, at);
    const kind = namespace.kindOf(name);
    if (kind !== undefined) return { kind, name, rest: path.slice(at) };
  }
  return undefined;
}

/** What an address stands for when nothing has its name yet. */
export type EntityNeed =
  | { readonly kind: "queue"; readonly name: string }
  | { readonly kind: "subscription"; readonly topic: string; readonly subscription: string }
  | { readonly kind: "hub"; readonly name: string; readonly group?: string };

/** @param streaming Whether the client speaks Event Hubs: a bare name does not show what it is of. */
export function neededEntity(path: string, streaming: boolean): EntityNeed | undefined {
  const bare = path.replace(/\/\$management$/i, "").replace(/(\/\$transfer)?\/\$deadletterqueue$/i, "");
  if (bare === "" || bare.startsWith("$")) return undefined;
  const group = /^(.+)\/consumergroups\/([^/]+)\/partitions\/[^/]+$/i.exec(bare);
  if (group?.[1] !== undefined && group[2] !== undefined) {
    return { kind: "hub", name: group[1], group: group[2] };
  }
  const part = /^(.+)\/(?:partitions|publishers)\/[^/]+$/i.exec(bare);
  if (part?.[1] !== undefined) return { kind: "hub", name: part[1] };
  const subscription = /^(.+)\/subscriptions\/([^/]+)$/i.exec(bare);
  if (subscription?.[1] !== undefined && subscription[2] !== undefined) {
    return { kind: "subscription", topic: subscription[1], subscription: subscription[2] };
  }
  return { kind: streaming ? "hub" : "queue", name: bare };
}

/** Where a name may end: at the end of the path, and before what services append to names; longest first. */
function cuts(path: string): number[] {
  const found = [path.length];
  for (const match of path.matchAll(/\/(?=\$|(?:subscriptions|consumergroups|partitions|publishers)\/)/gi)) {
    if (match.index > 0) found.push(match.index);
  }
  return found.sort((a, b) => b - a).slice(0, maxCuts);
}

/** No address of the services has more; a hostile one is not to be searched for thousands of names. */
const maxCuts = 8;
