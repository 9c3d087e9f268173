import { subscriptionPath } from "../../adapters/memory/broker/address.js";
import type { ChannelSpec } from "../../src/contracts/channel.js";
import type { Destination, QueueSource, SubscriptionSource } from "../../src/transport/index.js";
import type { Setting } from "./commands.js";

/** Where the messages of a sequence go, and where they come from. */
export interface Place {
  readonly destination: Destination;
  readonly source: QueueSource | SubscriptionSource;
  /** What the broker calls the source. */
  readonly path: string;
}

const subscription = "reader";

/** The queue of a sequence, or its topic and the subscription that it reads, as a contract would declare them. */
export function placeOf(name: string, setting: Setting): Place {
  const destination = { channel: channelOf(name, setting), address: name };
  if (setting.kind === "queue") return { destination, source: { kind: "queue", ...destination }, path: name };
  const source = {
    kind: "subscription",
    subscription,
    filter: { types: undefined },
    ...destination,
  } as const;
  return { destination, source, path: subscriptionPath(name, subscription) };
}

function channelOf(name: string, setting: Setting): ChannelSpec {
  const { kind, sessions, lockMs, maxDeliveries, ttlMs, dedupWindowMs } = setting;
  return {
    format: 1,
    name,
    kind,
    messages: {},
    needs: [],
    narrowed: false,
    settings: {
      ordered: sessions,
      scheduled: true,
      lockMs,
      maxDeliveries,
      ...(ttlMs === undefined ? {} : { ttlMs }),
      ...(dedupWindowMs === undefined ? {} : { dedupWindowMs }),
      ...(kind === "topic" ? { subscriptions: { [subscription]: {} } } : {}),
    },
  };
}
