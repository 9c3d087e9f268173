/** What an administration request is about. */
export type AdministrationPath =
  | { readonly kind: "namespace" }
  | { readonly kind: "queues" | "topics" | "hubs" }
  /** A queue, a topic or an event hub. */
  | { readonly kind: "entity"; readonly name: string }
  | { readonly kind: "subscriptions"; readonly topic: string }
  | { readonly kind: "subscription"; readonly topic: string; readonly name: string }
  | { readonly kind: "rules"; readonly topic: string; readonly subscription: string }
  | { readonly kind: "rule"; readonly topic: string; readonly subscription: string; readonly name: string }
  | { readonly kind: "groups"; readonly hub: string }
  | { readonly kind: "group"; readonly hub: string; readonly name: string }
  | { readonly kind: "root" };

/**
 * Reads the path of a request. Letter case means nothing in the fixed parts; names of queues, topics and hubs may contain
 * slashes. `undefined` for a path that leads nowhere.
 */
export function parseAdministrationPath(path: string): AdministrationPath | undefined {
  const segments = path.split("/").filter((segment) => segment !== "");
  const first = segments[0]?.toLowerCase();
  if (first === undefined) return { kind: "root" };
  if (first === "$namespaceinfo") return segments.length === 1 ? { kind: "namespace" } : undefined;
  if (first === "$resources") return collectionPath(segments);
  if (first.startsWith("$")) return undefined;
  const groupsAt = indexOf(segments, "consumergroups");
  if (groupsAt > 0) return groupPath(segments, groupsAt);
  const subscriptionsAt = indexOf(segments, "subscriptions");
  if (subscriptionsAt > 0) return subscriptionPath(segments, subscriptionsAt);
  return { kind: "entity", name: segments.join("/") };
}

function collectionPath(segments: readonly string[]): AdministrationPath | undefined {
  if (segments.length !== 2) return undefined;
  switch (segments[1]?.toLowerCase()) {
    case "queues":
      return { kind: "queues" };
    case "topics":
      return { kind: "topics" };
    case "eventhubs":
      return { kind: "hubs" };
    default:
      return undefined;
  }
}

function subscriptionPath(segments: readonly string[], at: number): AdministrationPath | undefined {
  const topic = segments.slice(0, at).join("/");
  const [subscription, rules, rule, ...more] = segments.slice(at + 1);
  if (subscription === undefined) return { kind: "subscriptions", topic };
  if (rules === undefined) return { kind: "subscription", topic, name: subscription };
  if (rules.toLowerCase() !== "rules" || more.length > 0) return undefined;
  return rule === undefined
    ? { kind: "rules", topic, subscription }
    : { kind: "rule", topic, subscription, name: rule };
}

function groupPath(segments: readonly string[], at: number): AdministrationPath | undefined {
  const hub = segments.slice(0, at).join("/");
  const [name, ...more] = segments.slice(at + 1);
  if (more.length > 0) return undefined;
  return name === undefined ? { kind: "groups", hub } : { kind: "group", hub, name };
}

function indexOf(segments: readonly string[], wanted: string): number {
  return segments.findIndex((segment) => segment.toLowerCase() === wanted);
}
