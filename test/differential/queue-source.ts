import type { ChannelSpec } from "../../src/contracts/channel.js";
import type { QueueSource } from "../../src/transport/index.js";
import type { Setting } from "./commands.js";

/** The queue of a sequence, as its contract would declare it. */
export function sourceOf(name: string, setting: Setting): QueueSource {
  const { sessions, lockMs, maxDeliveries, ttlMs, dedupWindowMs } = setting;
  const channel: ChannelSpec = {
    format: 1,
    name,
    kind: "queue",
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
    },
  };
  return { kind: "queue", channel, address: name };
}
