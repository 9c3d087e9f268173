import type { Channel, ChannelKind, ChannelSpec, Target } from "../../contracts/channel.js";
import { event } from "../../contracts/message.js";
import { notifications } from "../../contracts/notifications.js";
import { queue, type QueueDefinition } from "../../contracts/queue.js";
import type { StandardSchema } from "../../contracts/standard-schema.js";
import { stream } from "../../contracts/stream.js";
import { topic } from "../../contracts/topic.js";
import type { Duration } from "../../runtime/duration.js";
import type { MessageFilter, Source } from "../../transport/transport.js";

/** The data of the kit's one message. */
export interface Thing {
  readonly n: number;
  readonly key?: string;
  readonly text?: string;
}

const schema: StandardSchema<Thing, Thing> = {
  "~standard": {
    version: 1,
    vendor: "waybill-conformance",
    validate: (value) =>
      isThing(value) ? { value } : { issues: [{ message: "a thing has a number n", path: ["n"] }] },
  },
};

const isThing = (value: unknown): value is Thing =>
  typeof value === "object" && value !== null && "n" in value && typeof value.n === "number";

/** The kit's one message. Its key is given, or spreads by its number. */
export const ThingMade = event("conformance.thing", {
  version: 1,
  schema,
  key: (thing) => thing.key ?? `k${String(thing.n)}`,
});

type Messages = { readonly thing: typeof ThingMade };

/** How a channel of the kit is declared. */
export interface ConduitOptions {
  readonly ordered?: boolean;
  readonly scheduled?: boolean;
  readonly dedupWindow?: Duration;
  /** Default `"5s"`: the shortest, so that a real run is not long. */
  readonly lock?: Duration;
  readonly ttl?: Duration;
  readonly maxDeliveries?: number;
  /** Default 2. */
  readonly partitions?: number;
}

/** A channel of any kind with the kit's message on it. */
export interface Conduit {
  readonly kind: ChannelKind;
  readonly name: string;
  readonly channel: Channel;
  readonly spec: ChannelSpec;
  readonly thing: Target;
}

/** Declares a channel with the kit's message on it. */
export function conduitOf(kind: ChannelKind, name: string, options: ConduitOptions = {}): Conduit {
  const made = declared(kind, name, options);
  const { thing, ...channel } = made;
  return { kind, name, channel, spec: made["~channel"], thing };
}

function declared(
  kind: ChannelKind,
  name: string,
  options: ConduitOptions,
): Channel & { readonly thing: Target } {
  const messages: Messages = { thing: ThingMade };
  const { partitions = 2, ordered, dedupWindow, lock = "5s", ...given } = options;
  switch (kind) {
    case "queue":
    case "topic": {
      const definition: QueueDefinition<Messages, "by-key" | "none", boolean, Duration | "off"> = {
        messages,
        lock,
        ordered: ordered === true ? "by-key" : "none",
        ...(dedupWindow === undefined ? {} : { dedupWindow }),
        ...given,
      };
      return kind === "queue" ? queue(name, definition) : topic(name, definition);
    }
    case "stream":
      return stream(name, { messages, partitions });
    case "notifications":
      return notifications(name, { messages });
  }
}

/** What reads a channel, as the subscription, consumer group or listener `as`. */
export function sourceOf(
  { kind, name: address, spec: channel }: Conduit,
  as: string,
  filter: MessageFilter = { types: undefined },
): Source {
  switch (kind) {
    case "queue":
      return { kind: "queue", channel, address };
    case "topic":
      return { kind: "subscription", channel, address, subscription: as, filter };
    case "stream":
      return { kind: "group", channel, address, group: as };
    case "notifications":
      return { kind: "listener", channel, address, listener: as, filter };
  }
}
