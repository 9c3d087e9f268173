import { appOf, type App } from "./app.js";
import { ClaimCheck } from "./claim-check/claim-check.js";
import { claimCheckSettings, type ClaimCheckOptions } from "./claim-check/options.js";
import type { ConsumerSpec } from "./consume/consumer-spec.js";
import type { Consumer } from "./consume/environment.js";
import { PutBackLog } from "./consume/put-back-log.js";
import { Pump } from "./consume/pump.js";
import { channelId, type ChannelKind } from "./contracts/channel.js";
import { WaybillError } from "./errors.js";
import { listenerOf, warner } from "./event-listener.js";
import { tellable } from "./message/tellable.js";
import type { EventListener } from "./policy/app-event.js";
import { planOf, type Plan, type PlannedConsumer, type PlanOptions } from "./plan.js";
import type { Route } from "./produce/outlet.js";
import { Producer } from "./produce/producer.js";
import { checkRetention } from "./retention.js";
import type { Runtime } from "./runtime/runtime.js";
import type { ServiceSpec } from "./service.js";
import { ClientCare } from "./supervise/client-care.js";
import { ConsumerWatch } from "./supervise/consumer-watch.js";
import { SupervisedReceiver } from "./supervise/supervised-receiver.js";
import { SupervisedSender } from "./supervise/supervised-sender.js";
import { supervisionTimes, type SupervisionOptions, type SupervisionTimes } from "./supervise/times.js";
import { Watchdog } from "./supervise/watchdog.js";
import type { Connection, Destination, Sender, Transport } from "./transport/transport.js";

/** What a service is started with: the options of `run()`, their types checked. */
export interface StartOptions extends PlanOptions {
  readonly deps?: unknown;
  readonly claimCheck?: ClaimCheckOptions;
  readonly on?: EventListener;
  readonly supervision?: SupervisionOptions;
}

/**
 * Starts a service on a runtime: checks everything that can be known, then connects, then reads.
 * @throws {WaybillError} as `run()` does; what was opened is closed again.
 */
export async function start(service: ServiceSpec, options: StartOptions, runtime: Runtime): Promise<App> {
  const plan = planOf(service, options);
  const times = supervisionTimes(options.supervision);
  const claimCheck = claimCheckFor(service, options.claimCheck, runtime);
  const emit = listenerOf(options.on);
  const connections = new Map<Transport, Connection>();
  try {
    for (const [transport, needs] of plan.byTransport) {
      const connection = await runtime.port("open", transport.name, service.name, () =>
        transport.connect({ service: service.name, runtime, ...needs }),
      );
      connections.set(transport, connection);
    }
    return assemble({ service, options, runtime, emit, claimCheck, plan, times, connections });
  } catch (error) {
    await Promise.allSettled([...connections.values()].map(async (connection) => connection.close()));
    throw tellable(error);
  }
}

interface Assembly {
  readonly service: ServiceSpec;
  readonly options: StartOptions;
  readonly runtime: Runtime;
  readonly emit: EventListener | undefined;
  readonly claimCheck: ClaimCheck | undefined;
  readonly plan: Plan;
  readonly times: SupervisionTimes;
  readonly connections: ReadonlyMap<Transport, Connection>;
}

/** Puts senders and receivers on the open connections, and starts to read. */
function assemble(assembly: Assembly): App {
  const { service, runtime, emit, claimCheck, plan, times, connections } = assembly;
  const care = new Map([...connections.values()].map((each) => [each, new ClientCare(each)]));
  const producer = new Producer(
    { service: service.name, runtime, emit, claimCheck },
    routesOf(assembly, care),
  );
  const connectionOf = new Map<Pump, Connection>();
  const watches: ConsumerWatch[] = [];
  for (const planned of plan.consumers) {
    const connection = connectionFor(connections, planned.transport);
    const watch = watchFor({ ...assembly, producer, connection, care: careFor(care, connection), planned });
    watches.push(watch);
    connectionOf.set(watch.pump, connection);
  }
  const pumps = [...connectionOf.keys()];
  const watchdog = new Watchdog(watches, runtime, times);
  const app = appOf({
    service: service.name,
    runtime,
    emit,
    claimCheck,
    producer,
    pumps,
    watchdog,
    connections: [...connections.values()],
    connectionOf,
    hold: pumps.length === 0 ? undefined : runtime.hold(),
  });
  for (const pump of pumps) pump.start();
  watchdog.start();
  emit?.({ event: "started", service: service.name });
  for (const { warnings = [] } of connections.values())
    for (const text of warnings) emit?.({ event: "warning", service: service.name, text });
  return app;
}

/** @throws {WaybillError} `invalidOption` */
function claimCheckFor(
  service: ServiceSpec,
  options: ClaimCheckOptions | undefined,
  runtime: Runtime,
): ClaimCheck | undefined {
  if (options === undefined) return undefined;
  const settings = claimCheckSettings(options);
  checkRetention(service, settings.retentionMs);
  return new ClaimCheck(settings, runtime);
}

function routesOf(
  { service, runtime, emit, plan, times, connections }: Assembly,
  care: ReadonlyMap<Connection, ClientCare>,
): Map<string, Route> {
  const senderFor = (destination: Destination, connection: Connection): Sender =>
    new SupervisedSender({
      open: () => connection.sender(destination),
      care: careFor(care, connection),
      runtime,
      gapMs: times.gapMs,
      recycled: (evidence) => {
        const { name: channel, kind } = destination.channel;
        emit?.({ event: "recycled", what: "client", evidence, service: service.name, channel, kind });
      },
    });
  return new Map(
    plan.routes.map(({ destination, transport, declared }) => [
      channelId(destination.channel),
      {
        destination,
        declared,
        sender: senderFor(destination, connectionFor(connections, transport)),
        maxMessageBytes: transport.capabilities.maxMessageBytes,
      },
    ]),
  );
}

/** Every connection has one. */
const careFor = (care: ReadonlyMap<Connection, ClientCare>, connection: Connection): ClientCare =>
  care.get(connection) ?? new ClientCare(connection);

function connectionFor(connections: ReadonlyMap<Transport, Connection>, transport: Transport): Connection {
  const connection = connections.get(transport);
  if (connection === undefined)
    throw new WaybillError("transportFailed", `${transport.name} is not connected`);
  return connection;
}

interface ConsumerParts extends Assembly {
  readonly producer: Producer;
  readonly connection: Connection;
  readonly care: ClientCare;
  readonly planned: PlannedConsumer;
}

function watchFor(parts: ConsumerParts): ConsumerWatch {
  const { service, options, runtime, emit, claimCheck, producer, connection, care, times, planned } = parts;
  const { spec, source, transport } = planned;
  const features = transport.capabilities.receivers[spec.channel.kind];
  if (features === undefined) {
    throw new WaybillError("unsupported", `${transport.name} cannot receive from a ${spec.channel.kind}`);
  }
  const open = (apart: boolean) =>
    connection.receiver(source, {
      lanes: spec.concurrency + spareLanes,
      perLane: perLane(spec),
      startFrom: spec.startFrom,
      onLost: (delivery, error) => {
        pump.lose(delivery, error);
      },
      ...(apart ? { apart } : {}),
    });
  const receiver = new SupervisedReceiver(open, runtime, source.address);
  const consumer: Consumer = {
    spec,
    service: service.name,
    source,
    receiver,
    features,
    can: {
      ordered: spec.channel.settings.ordered,
      delay: features.delayedRelease || schedules(transport, spec.channel.kind),
      release: spec.channel.kind !== "stream",
    },
    runtime,
    deps: options.deps ?? {},
    outbound: producer,
    idempotency: options.idempotency,
    claimCheck,
    putBacks: source.kind === "queue" && !features.uncountedRelease ? new PutBackLog() : undefined,
    around: service.around,
    emit,
    warnOnce: warner(service, emit),
  };
  const pump = new Pump(consumer);
  return new ConsumerWatch({ pump, receiver, care, times });
}

/** Sessions beyond the concurrency: one that is held for a retry does not keep others from their turn. */
const spareLanes = 64;

/** Of a session one delivery at a time, of a partition a window: the next one waits behind it in any case. */
function perLane(spec: ConsumerSpec): number {
  if (spec.batch !== undefined) return spec.batch.max;
  return spec.channel.kind === "stream" ? 32 : 1;
}

function schedules(transport: Transport, kind: ChannelKind): boolean {
  const need = (
    { queue: "queues:scheduling", topic: "topics:scheduling", stream: "", notifications: "" } as const
  )[kind];
  return need !== "" && Object.hasOwn(transport.capabilities.needs, need);
}
