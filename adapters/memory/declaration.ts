import { WaybillError, type ChannelSpec, type Destination } from "../../src/transport/index.js";

/** What the contract of a service said of an entity. */
export interface Declaration {
  readonly service: string;
  readonly channel: ChannelSpec;
  /** What of it shapes the entity, in one text that can be compared. */
  readonly shape: string;
}

/**
 * Notes what a service's contract says of an entity. Answers whether nobody has said it before.
 *
 * @throws {WaybillError} `alreadyExists` if another contract says otherwise, naming both.
 */
export function declare(
  declarations: Map<string, Declaration>,
  service: string,
  { channel, address }: Destination,
): boolean {
  const family = channel.kind === "queue" || channel.kind === "topic" ? "message" : channel.kind;
  const key = `${family} ${address.toLowerCase()}`;
  const known = declarations.get(key);
  if (known === undefined) {
    declarations.set(key, { service, channel, shape: shapeOf(channel) });
    return true;
  }
  if (known.channel === channel || known.shape === shapeOf(channel)) return false;
  throw new WaybillError(
    "alreadyExists",
    `"${address}" exists as ${known.shape}, as service "${known.service}" declares it; ` +
      `service "${service}" declares ${shapeOf(channel)}: let both use one version of the contract`,
  );
}

/** Descriptions, codecs and the like shape nothing in the broker. */
function shapeOf({ kind, settings }: ChannelSpec): string {
  const { ordered, dedupWindowMs, lockMs, ttlMs, maxDeliveries, partitions, retentionMs, subscriptions } =
    settings;
  return `${kind} ${JSON.stringify({
    ordered,
    dedupWindowMs,
    lockMs,
    ttlMs,
    maxDeliveries,
    partitions,
    retentionMs,
    subscriptions: subscriptions === undefined ? undefined : sorted(subscriptions),
  })}`;
}

const sorted = (values: object): unknown =>
  Object.entries(values)
    .map(([name, value]: [string, unknown]) => [
      name,
      typeof value === "object" && value !== null ? sorted(value) : value,
    ])
    .sort(([left], [right]) => (String(left) < String(right) ? -1 : 1));
