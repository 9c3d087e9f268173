import type { ChannelKind, ChannelSpec, Need } from "./contracts/channel.js";
import { WaybillError } from "./errors.js";
import type { Transport } from "./transport/transport.js";

/** One transport for everything, one per kind of channel, or a function of the channel. */
export type TransportChoice = Transport | TransportsByKind | ((channel: ChannelSpec) => Transport);

/** A transport for each kind of channel that the service uses. */
export interface TransportsByKind {
  readonly queues?: Transport;
  readonly topics?: Transport;
  readonly streams?: Transport;
  readonly notifications?: Transport;
}

/** The needs that transport `T` does not meet, each as a sentence. Distributes: every branch of a union must do. */
export type Lacks<T, N extends Need> =
  T extends Transport<infer Name, infer C>
    ? Exclude<N, C> extends infer L extends Need
      ? [L] extends [never]
        ? never
        : `✗ ${Name} has no ${L}`
      : never
    : never;

type KindOfNeed = "queues" | "topics" | "streams" | "notifications";

/**
 * What stands against a choice of transports for these needs. What is known as no more than some choice, such as a
 * function of the channel, is checked by `run()`.
 */
export type Refusals<T, N extends Need> = [TransportChoice] extends [T]
  ? never
  : T extends (channel: ChannelSpec) => Transport
    ? never
    : T extends Transport
      ? Lacks<T, N>
      : { [K in KindOfNeed]: RefusalOfKind<T, K, Extract<N, K | `${K}:${string}`>> }[KindOfNeed];

type RefusalOfKind<T, K extends KindOfNeed, N extends Need> = [N] extends [never]
  ? never
  : T extends { readonly [P in K]: infer One }
    ? Lacks<One, N>
    : `✗ no transport is given for ${K}`;

/** Nothing if the choice meets the needs; otherwise a `transport` that is one sentence. */
export type Supports<T, N extends Need> = [Refusals<T, N>] extends [never]
  ? unknown
  : { readonly transport: Refusals<T, N> };

/**
 * The transport of a channel.
 * @throws {WaybillError} `unsupported` if there is none, or if it lacks what the channel needs.
 */
export function transportFor(choice: TransportChoice, channel: ChannelSpec): Transport {
  const transport = pick(choice, channel);
  if (transport === undefined) {
    throw new WaybillError(
      "unsupported",
      `no transport is given for ${channel.kind} "${channel.name}": add ${kindNeed[channel.kind]} to the transport option`,
    );
  }
  const missing = channel.needs.filter((need) => !Object.hasOwn(transport.capabilities.needs, need));
  if (missing.length === 0) return transport;
  throw new WaybillError(
    "unsupported",
    `${transport.name} has no ${missing.join(", no ")}, which ${channel.kind} "${channel.name}" needs: ${cures(missing)}, or use a transport that has it`,
  );
}

const kindNeed: Record<ChannelKind, keyof TransportsByKind> = {
  queue: "queues",
  topic: "topics",
  stream: "streams",
  notifications: "notifications",
};

function pick(choice: TransportChoice, channel: ChannelSpec): Transport | undefined {
  if (typeof choice === "function") return choice(channel);
  if (isTransport(choice)) return choice;
  return choice[kindNeed[channel.kind]];
}

export const isTransport = (choice: TransportChoice): choice is Transport =>
  "connect" in choice && typeof choice.connect === "function";

/** The setting to change for each missing feature. */
function cures(missing: readonly Need[]): string {
  return missing
    .map((need) => cureOf[need.slice(need.indexOf(":") + 1)] ?? "change the kind of channel")
    .join(", ");
}

const cureOf: Record<string, string> = {
  sessions: 'remove ordered: "by-key"',
  scheduling: "remove scheduled: true",
  dedup: "remove dedupWindow",
};
