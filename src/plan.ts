import type { ConsumerSpec } from "./consume/consumer-spec.js";
import { channelId, type ChannelSpec } from "./contracts/channel.js";
import { WaybillError } from "./errors.js";
import type { ServiceSpec } from "./service.js";
import type { IdempotencyStore } from "./store/idempotency-store.js";
import { transportFor, type TransportChoice } from "./transport-choice.js";
import type { Destination, Source, Transport } from "./transport/transport.js";

/** What a plan is made of, beside the service. */
export interface PlanOptions {
  readonly transport: TransportChoice;
  readonly idempotency?: IdempotencyStore;
  readonly address?: (channel: ChannelSpec) => string;
}

/** Where everything goes, before anything is opened. */
export interface Plan {
  readonly routes: readonly PlannedRoute[];
  readonly consumers: readonly PlannedConsumer[];
  readonly byTransport: ReadonlyMap<Transport, { destinations: Destination[]; sources: Source[] }>;
}

export interface PlannedRoute {
  readonly destination: Destination;
  readonly transport: Transport;
  readonly declared: boolean;
}

export interface PlannedConsumer {
  readonly spec: ConsumerSpec;
  readonly source: Source;
  readonly transport: Transport;
}

/**
 * Finds out where everything goes.
 * @throws {WaybillError} `missingDependency`, and what choosing a transport throws: before any I/O.
 */
export function planOf(service: ServiceSpec, options: PlanOptions): Plan {
  const address = options.address ?? ((channel: ChannelSpec) => channel.name);
  const routes = new Map<string, PlannedRoute>();
  const byTransport = new Map<Transport, { destinations: Destination[]; sources: Source[] }>();
  const needsOf = (transport: Transport): { destinations: Destination[]; sources: Source[] } => {
    const needs = byTransport.get(transport) ?? { destinations: [], sources: [] };
    byTransport.set(transport, needs);
    return needs;
  };
  const route = (channel: ChannelSpec, declared: boolean): void => {
    if (routes.has(channelId(channel))) return;
    const transport = transportFor(options.transport, channel);
    const destination = { channel, address: address(channel) };
    routes.set(channelId(channel), { destination, transport, declared });
    needsOf(transport).destinations.push(destination);
  };
  for (const channel of service.sends) route(channel["~channel"], true);
  const consumers = service.consumers.map((spec) => {
    const transport = transportFor(options.transport, spec.channel);
    refuseForgetful(service, spec, options);
    const source = sourceOf(spec, address(spec.channel));
    needsOf(transport).sources.push(source);
    // Retry copies and redriven messages go back to where they were read.
    route(spec.channel, false);
    return { spec, source, transport };
  });
  return { routes: [...routes.values()], consumers, byTransport };
}

function refuseForgetful(service: ServiceSpec, spec: ConsumerSpec, options: PlanOptions): void {
  if (spec.idempotency === undefined || options.idempotency !== undefined) return;
  throw new WaybillError(
    "missingDependency",
    `service "${service.name}" handles ${spec.channel.kind} "${spec.channel.name}" idempotently, but run() got no store: give it idempotency, such as memoryIdempotency() or redisIdempotency(client)`,
  );
}

function sourceOf(spec: ConsumerSpec, address: string): Source {
  const { channel, as, filter } = spec;
  switch (channel.kind) {
    case "queue":
      return { kind: "queue", channel, address };
    case "topic": {
      const declared = channel.settings.subscriptions?.[as]?.where;
      const where = declared === undefined ? filter.where : { ...declared, ...filter.where };
      return {
        kind: "subscription",
        channel,
        address,
        subscription: as,
        filter: where === undefined ? filter : { ...filter, where },
      };
    }
    case "stream":
      return { kind: "group", channel, address, group: as };
    case "notifications":
      return { kind: "listener", channel, address, listener: as, filter };
  }
}
