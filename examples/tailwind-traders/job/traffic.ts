import type { AppEvent } from "waybill";

/** What went over one channel. */
export interface ChannelTraffic {
  /** Messages that senders put in. */
  readonly sent: number;
  /** Messages that a handler has done with; a topic or stream hands each to several readers. */
  readonly handled: number;
  /** Handler runs that followed a failure. */
  readonly retries: number;
  readonly duplicates: number;
  readonly deadLettered: number;
}

/** Counts what the services tell of themselves. */
export interface Traffic {
  readonly channels: ReadonlyMap<string, ChannelTraffic>;
  /** How many messages were dead-lettered in all, by reason. */
  readonly deadLetters: ReadonlyMap<string, number>;
  note(event: AppEvent): void;
  /** Messages that were put into a channel. */
  sent(channel: string): number;
  /** Messages of a channel that came to their end, one way or another. */
  ended(channel: string): number;
  /** The sum over all channels. */
  total(count: keyof ChannelTraffic): number;
}

export function openTraffic(): Traffic {
  const channels = new Map<string, Record<keyof ChannelTraffic, number>>();
  const on = (channel: string): Record<keyof ChannelTraffic, number> => {
    const known = channels.get(channel);
    if (known !== undefined) return known;
    const counts = { sent: 0, handled: 0, retries: 0, duplicates: 0, deadLettered: 0 };
    channels.set(channel, counts);
    return counts;
  };
  const deadLetters = new Map<string, number>();
  return {
    channels,
    deadLetters,
    note: (event) => {
      // Waiting for another copy of the same message is no retry: no handler ran.
      const waits = event.event === "retryScheduled" && !event.counted;
      const change = waits ? undefined : countOf[event.event];
      if (change !== undefined && "channel" in event) on(event.channel)[change] += 1;
      // The retry is a copy of the message, which was sent like any other.
      if (event.event === "retryScheduled") on(event.channel).sent -= 1;
      if (event.event === "deadLettered") {
        deadLetters.set(event.reason, (deadLetters.get(event.reason) ?? 0) + 1);
      }
    },
    sent: (channel) => on(channel).sent,
    ended: (channel) => {
      const { handled, duplicates, deadLettered } = on(channel);
      return handled + duplicates + deadLettered;
    },
    total: (count) => [...channels.values()].reduce((sum, counts) => sum + counts[count], 0),
  };
}

const countOf: { readonly [E in AppEvent["event"]]?: keyof ChannelTraffic } = {
  sent: "sent",
  handled: "handled",
  duplicate: "duplicates",
  retryingNow: "retries",
  retryScheduled: "retries",
  held: "retries",
  deadLettered: "deadLettered",
};
