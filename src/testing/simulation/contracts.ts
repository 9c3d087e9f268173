import { command } from "../../contracts/message.js";
import { fromJsonSchema } from "../../contracts/json-schema.js";
import { queue } from "../../contracts/queue.js";
import { stream } from "../../contracts/stream.js";
import type { SimulationSize } from "./size.js";
import type { Swarm } from "./swarm.js";

/** What every message of the simulation says: its number, and the key that orders it. */
export interface Work {
  readonly n: number;
  readonly key: string;
}

const schema = fromJsonSchema<Work>(
  { type: "object", properties: { n: { type: "number" }, key: { type: "string" } } },
  (value) =>
    typeof value === "object" &&
    value !== null &&
    "n" in value &&
    "key" in value &&
    typeof value.n === "number",
);

const Work = command("sim.work", { version: 1, schema, key: ({ key }) => key });
const FollowUp = command("sim.follow-up", { version: 1, schema, key: ({ key }) => key });

export type SimChannels = ReturnType<typeof simChannels>;

/** The channels of a schedule: a queue, a queue with sessions, a stream. */
export function simChannels(size: SimulationSize, swarm: Swarm) {
  const lock = `${swarm.lockMs}ms` as const;
  const { maxDeliveries, ttlMs } = swarm;
  const jobs = {
    messages: { work: Work, followUp: FollowUp },
    scheduled: true,
    lock,
    maxDeliveries,
    ...(ttlMs !== undefined ? { ttl: `${ttlMs}ms` as const } : {}),
  } as const;
  return {
    jobs: queue("jobs", swarm.dedup ? { ...jobs, dedupWindow: "10m" } : jobs),
    orders: queue("orders", { messages: { work: Work }, ordered: "by-key", lock, maxDeliveries }),
    sales: stream("sales", { messages: { work: Work }, partitions: size.partitions }),
  };
}

/** The same channels for a core that does not know of the order: a seeded bug. */
export function withoutOrder(channels: SimChannels): SimChannels {
  const spec = channels.orders["~channel"];
  const orders = {
    ...channels.orders,
    "~channel": { ...spec, settings: { ...spec.settings, ordered: false } },
  };
  return { ...channels, orders };
}
