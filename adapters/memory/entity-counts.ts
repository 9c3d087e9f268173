import type { World } from "./world.js";

/** How many messages an entity holds. */
export interface EntityCounts {
  readonly kind: "queue" | "topic" | "subscription" | "group" | "listener";
  readonly address: string;
  /** The subscription, consumer group or listener. */
  readonly as?: string;
  /** Ready and locked ones, and those that a listener released for later; of a consumer group, those behind its checkpoints. */
  readonly active: number;
  /** On topics and queues. */
  readonly scheduled: number;
  readonly deferred: number;
  /** Of a consumer group, what it parked. */
  readonly deadLetter: number;
}

/** Counts everything. */
export function countEntities(world: World): readonly EntityCounts[] {
  const { broker, notifier } = world;
  const none = { scheduled: 0, deferred: 0 };
  return [
    ...broker
      .queues()
      .map((address) => ({ kind: "queue" as const, address, ...broker.queueCounts(address) })),
    ...broker.topics().flatMap((address) => [
      { kind: "topic" as const, address, ...broker.getTopic(address).counts },
      ...broker.subscriptions(address).map((as) => ({
        kind: "subscription" as const,
        address,
        as,
        ...broker.getSubscription(address, as).counts,
      })),
    ]),
    ...[...world.groups.values()].map((group) => ({
      kind: "group" as const,
      address: group.hub,
      as: group.name,
      active: group.behind,
      ...none,
      deadLetter: group.parked.size,
    })),
    ...[...world.listeners.values()].map(({ address, name, letters }) => {
      const { ready, locked, delayed } = notifier.pullSubscription(address, name).counts;
      const active = ready + locked + delayed;
      return { kind: "listener" as const, address, as: name, active, ...none, deadLetter: letters.size };
    }),
  ];
}
