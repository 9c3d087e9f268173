import { WaybillError } from "../errors.js";
import type { Codec } from "../message/codec.js";
import type { HeaderValue } from "../message/envelope.js";
import { frozen } from "./frozen.js";
import type { Message } from "./message.js";

/** The four kinds of channel. `docs/concepts.md` says which one when. */
export type ChannelKind = "queue" | "topic" | "stream" | "notifications";

/**
 * What a channel asks of a transport: its kind, and features by kind. A transport that lacks one is refused, by the
 * compiler where the transport is known, by `run()` before any I/O otherwise.
 */
export type Need =
  | "queues"
  | "topics"
  | "streams"
  | "notifications"
  | "queues:sessions"
  | "queues:scheduling"
  | "queues:dedup"
  | "topics:sessions"
  | "topics:scheduling"
  | "topics:dedup";

/** Messages by the name that handler maps and senders use. */
export type Messages = { readonly [name: string]: Message };

/** Nothing if no name of `M` is reserved; otherwise a definition that no message fits. */
export type NamesOk<M> = [Extract<keyof M, `~${string}`>] extends [never]
  ? unknown
  : { readonly messages: { readonly [P in Extract<keyof M, `~${string}`>]: "✗ names with ~ are reserved" } };

/** A channel: a name, a kind, the messages that travel on it, and what it needs of a transport. */
export interface Channel<
  N extends string = string,
  K extends ChannelKind = ChannelKind,
  M extends Messages = Messages,
  X extends Need = Need,
> {
  readonly "~channel": ChannelSpec<N, K, M, X>;
}

/** A channel with one target per message: `orders.placed` is what `send` takes. */
export type ChannelRef<N extends string, K extends ChannelKind, M extends Messages, X extends Need> = Channel<
  N,
  K,
  M,
  X
> & { readonly [P in keyof M]: Target<N, X, M[P]> };

/** One message on one channel: the address of a send. Carries the channel's name, so that errors stay short. */
export interface Target<N extends string = string, X extends Need = Need, M extends Message = Message> {
  readonly "~target": {
    readonly format: 1;
    readonly channel: N;
    readonly spec: ChannelSpec;
    readonly message: M;
    /** Types only: never set. */
    readonly needs?: X;
  };
}

/** What a contract says of a channel. Plain data and pure functions. */
export interface ChannelSpec<
  N extends string = string,
  K extends ChannelKind = ChannelKind,
  M extends Messages = Messages,
  X extends Need = Need,
> {
  readonly format: 1;
  readonly name: N;
  readonly kind: K;
  readonly messages: M;
  readonly needs: readonly X[];
  readonly settings: ChannelSettings;
  /** The messages that {@link only} left; all of them otherwise. */
  readonly narrowed: boolean;
}

/** The settings of a channel, in milliseconds; each exists only on the kinds that have it. */
export interface ChannelSettings {
  readonly description?: string;
  /** Order per key: sessions on queues and topics. */
  readonly ordered: boolean;
  readonly scheduled: boolean;
  readonly dedupWindowMs?: number;
  readonly lockMs?: number;
  readonly ttlMs?: number;
  readonly maxDeliveries?: number;
  readonly partitions?: number;
  readonly retentionMs?: number;
  readonly subscriptions?: Readonly<Record<string, SubscriptionSettings>>;
  readonly codec?: Codec;
  readonly foreign?: (raw: ForeignMessage) => ForeignReading;
}

/** A subscription that a topic's contract declares: it exists, and keeps messages, before a service runs. */
export interface SubscriptionSettings {
  /** Only messages whose headers have all these values. Default: every message. */
  readonly where?: Readonly<Record<string, HeaderValue>>;
}

/** A message that no Waybill wrote, as it came. */
export interface ForeignMessage {
  readonly id: string;
  readonly body: Uint8Array;
  readonly contentType: string | undefined;
  /** The subject or label, where the transport has one. */
  readonly subject: string | undefined;
  readonly headers: Readonly<Record<string, HeaderValue>>;
}

/** What a channel makes of a foreign message; `data` is what a sender of that version would give. */
export interface ForeignReading {
  readonly type: string;
  readonly version: number;
  readonly data: unknown;
}

/** Tells channels apart, also those of one name and different kinds: `queue "orders"`. */
export const channelId = ({ kind, name }: Pick<ChannelSpec, "kind" | "name">): string => `${kind} "${name}"`;

/** Makes a channel of a checked specification. */
export function channelOf<N extends string, K extends ChannelKind, const M extends Messages, X extends Need>(
  given: ChannelSpec<N, K, M, X>,
): ChannelRef<N, K, M, X> {
  const spec = Object.freeze({
    ...given,
    messages: Object.freeze({ ...given.messages }),
    needs: frozen(given.needs),
    settings: Object.freeze({ ...given.settings }),
  });
  const messages: Messages = spec.messages;
  const targets = Object.entries(messages).map(([name, message]) => [name, targetOf(spec, message)]);
  return Object.freeze({ ...Object.fromEntries(targets), "~channel": spec }) as ChannelRef<N, K, M, X>;
}

const targetOf = (spec: ChannelSpec, message: Message): Target =>
  Object.freeze({ "~target": Object.freeze({ format: 1 as const, channel: spec.name, spec, message }) });

/** Names of channels: what Service Bus, Event Hubs, Event Grid and Storage Queues take alike, at most 50 characters. */
export function checkChannel(kind: ChannelKind, name: string, messages: Messages, ordered: boolean): void {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$/.test(name)) {
    throw invalid(
      `the ${kind} name ${JSON.stringify(name)} is not usable: give 1 to 50 letters, digits, dots, dashes or underscores, a letter or digit first`,
    );
  }
  const entries = Object.entries(messages);
  if (entries.length === 0) throw invalid(`${kind} "${name}" has no messages: name at least one`);
  const seen = new Map<string, string>();
  for (const [key, message] of entries) {
    const { type, hasKey } = messageSpec(`${kind} "${name}"`, key, message);
    const other = seen.get(type);
    if (other !== undefined) {
      throw invalid(
        `${kind} "${name}" has ${type} twice, as "${other}" and "${key}": keep one; older versions belong in .from()`,
      );
    }
    seen.set(type, key);
    if (ordered && !hasKey) {
      throw invalid(
        `${kind} "${name}" is ordered by key, but ${type} has none: add key: (data) => … to the message`,
      );
    }
  }
}

function messageSpec(channel: string, key: string, message: Partial<Message>): Message["~message"] {
  if (key.startsWith("~")) {
    throw invalid(`${channel} names a message "${key}": names that start with "~" are reserved`);
  }
  const spec = message["~message"];
  if (spec !== undefined) return spec;
  throw invalid(`${channel} names "${key}", which is not a message: make one with event() or command()`);
}

function invalid(text: string): WaybillError {
  return new WaybillError("invalidContract", text);
}
