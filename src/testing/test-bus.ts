import { memory, memoryIdempotency } from "../../adapters/memory/index.js";
import type { App } from "../app.js";
import type { Channel, Need, Target } from "../contracts/channel.js";
import { compileMessage } from "../contracts/compiled-message.js";
import type { InputOf, Message, OutputOf } from "../contracts/message.js";
import type { ScheduledSendOptions, SendOptionsFor } from "../contracts/send-options.js";
import { WaybillError } from "../errors.js";
import { jsonCodec } from "../message/codec.js";
import { copyId } from "../message/copy-id.js";
import type { DeadLetterReason } from "../message/envelope.js";
import type { AppEvent } from "../policy/app-event.js";
import { Producer, type Route } from "../produce/producer.js";
import type { DepsOption } from "../run.js";
import { durationMs, type Duration } from "../runtime/duration.js";
import { virtualRuntime, type VirtualRuntime } from "../runtime/virtual-runtime.js";
import type { AnyService, DepsOf, SendsOf, ServiceSpec } from "../service.js";
import { start } from "../start.js";
import type { StopReport } from "../supervise/shutdown.js";
import type { IdempotencyStore } from "../store/idempotency-store.js";
import type { Connection, DeadLetterDelivery, Outgoing, Source, Transport } from "../transport/transport.js";
import { simulatedProcess, type CrashPlan, type SimulatedProcess } from "./simulated-process.js";
import { watchedTransport, type FaultyStep, type Watch } from "./watched-transport.js";

/** Options of {@link testBus}. */
export type TestBusOptions<D> = DepsOption<D> & {
  /** Decides every random number of the test. Default `"waybill"`. */
  readonly seed?: string;
  /** The virtual time at the begin. Default: the start of 2026, UTC. */
  readonly now?: Date;
  /** Default: a new in-memory broker. */
  readonly transport?: Transport;
  /** Default: a new in-memory store. */
  readonly idempotency?: IdempotencyStore;
};

/** Services that run on a broker of their own, in virtual time. */
export interface TestBus<S extends string = string> {
  /** Sends a message as a producer outside would: validated, encoded, through the rules of the broker. */
  deliver<X extends Need, M extends Message>(
    to: Target<string, X, M>,
    data: InputOf<M>,
    options?: SendOptionsFor<X>,
  ): Promise<Delivered>;
  /** Lets the broker deliver the same message once more, as it may at any time. */
  redeliver(message: Delivered): Promise<void>;
  /**
   * Runs everything that is due until nothing is left to do, in virtual time up to `advance` from now.
   *
   * Virtual time stands still while a handler waits for something real; one that takes longer than a second is named.
   * @throws {WaybillError} `notQuiet` if a handler neither ends nor waits, or handlers send to each other for ever.
   */
  settle(options?: { readonly advance?: Duration }): Promise<void>;
  /** What the services have sent, as a handler would get it, in order; without retries and redeliveries. */
  sent<X extends Need, M extends Message>(to: Target<string, X, M>): readonly OutputOf<M>[];
  /** The dead letters of everything that the services read, or of one channel. */
  deadLetters(channel?: Channel): readonly TestDeadLetter[];
  /** Makes the next step of this kind fail. */
  failNext(step: FaultyStep, options?: FailNextOptions): void;
  /** Kills a service at a boundary: nothing of it happens any more, as if its process had died. */
  crash(service: AnyService, plan?: CrashPlan): void;
  /** Starts a crashed service again, as a new process. */
  restart(service: AnyService): Promise<void>;
  /** Waits for a signal in a fake, in a way that lets virtual time pass. Rejects with the signal's reason. */
  hang(signal: AbortSignal): Promise<never>;
  /** The running service: to send, pause, resume, ask for its health. */
  app(service?: AnyService): App<S>;
  /** Everything that the services have told, in order. */
  readonly events: readonly AppEvent[];
  /** The virtual time. */
  now(): Date;
  /**
   * Stops the services, driving virtual time.
   * @throws {WaybillError} `notQuiet` if a delivery was not settled by the deadline, naming each.
   */
  stop(options?: { readonly deadline?: Duration }): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A message that a test delivered. */
export interface Delivered {
  readonly id: string;
  readonly channel: string;
  readonly outgoing: Outgoing;
}

/** A dead letter, as a test looks at it. */
export interface TestDeadLetter {
  readonly channel: string;
  readonly as: string;
  readonly id: string;
  readonly type: string;
  readonly reason: DeadLetterReason;
  readonly description: string;
  readonly attempts: number;
  readonly data: unknown;
}

/** Options of {@link TestBus.failNext}. */
export interface FailNextOptions {
  /** Only on this channel. Default: on all. */
  readonly channel?: Channel;
  /** Default: a `transportFailed` error. */
  readonly error?: WaybillError;
  /** The step has its effect, but is reported as failed. Default false. */
  readonly afterEffect?: boolean;
  /** How many times. Default 1. */
  readonly times?: number;
}

type Union<S extends readonly AnyService[]> = S[number];
type AllDeps<S extends AnyService> = (S extends AnyService ? (deps: DepsOf<S>) => void : never) extends (
  deps: infer D,
) => void
  ? D
  : never;

/**
 * Runs one service, or several, on an in-memory broker with a virtual clock: no broker, no waiting, no sleeping.
 * @throws {WaybillError} as `run()` does.
 */
export async function testBus<S extends AnyService>(
  service: S,
  ...options: Record<never, never> extends DepsOf<S>
    ? [TestBusOptions<DepsOf<S>>?]
    : [TestBusOptions<DepsOf<S>>]
): Promise<TestBus<SendsOf<S>>>;
export async function testBus<const S extends readonly AnyService[]>(
  services: S,
  ...options: Record<never, never> extends AllDeps<Union<S>>
    ? [TestBusOptions<AllDeps<Union<S>>>?]
    : [TestBusOptions<AllDeps<Union<S>>>]
): Promise<TestBus<SendsOf<Union<S>>>>;
export async function testBus(
  given: AnyService | readonly AnyService[],
  options: TestBusOptions<unknown> = {},
): Promise<TestBus> {
  const services = ("~service" in given ? [given] : given).map((each) => each["~service"]);
  const world = virtualRuntime({
    ...(options.seed !== undefined ? { seed: options.seed } : {}),
    ...(options.now !== undefined ? { startMs: options.now.getTime() } : {}),
  });
  const bus = new Bus(world, services, options);
  await bus.open();
  return bus;
}

/** A service of the test and the process that it runs in. */
interface Running {
  readonly spec: ServiceSpec;
  process: SimulatedProcess;
  app: App;
  connections: Connection[];
}

class Bus implements TestBus {
  readonly events: AppEvent[] = [];
  readonly #world: VirtualRuntime;
  readonly #services: readonly ServiceSpec[];
  readonly #options: TestBusOptions<unknown>;
  readonly #transport: Transport;
  readonly #idempotency: IdempotencyStore;
  readonly #watch: Watch = { faults: [], sent: [], sources: [] };
  readonly #running = new Map<string, Running>();
  #outside: { readonly producer: Producer; readonly connection: Connection } | undefined;
  #copies = 0;

  constructor(world: VirtualRuntime, services: readonly ServiceSpec[], options: TestBusOptions<unknown>) {
    this.#world = world;
    this.#services = services;
    this.#options = options;
    this.#transport = options.transport ?? memory();
    this.#idempotency = options.idempotency ?? memoryIdempotency({ runtime: world });
  }

  async open(): Promise<void> {
    for (const spec of this.#services) await this.#start(spec);
    this.#outside = await this.#connectOutside();
  }

  now(): Date {
    return new Date(this.#world.now());
  }

  async deliver(to: Target, data: unknown, options: ScheduledSendOptions = {}): Promise<Delivered> {
    const { producer } = this.#theOutside();
    const made = await producer.prepare(to, data, options, { ...producer.origin(), source: "test" });
    await this.#send(made);
    return { id: made.outgoing.envelope.id, channel: made.channel, outgoing: made.outgoing };
  }

  async redeliver({ channel, outgoing }: Delivered): Promise<void> {
    this.#copies += 1;
    const { envelope } = outgoing;
    const brokerId = copyId({ ...envelope, brokerId: String(this.#copies) }, "redrive");
    await this.#send({ channel, outgoing: { envelope: { ...envelope, brokerId } } });
  }

  async settle(options: { readonly advance?: Duration } = {}): Promise<void> {
    const advanceMs = options.advance === undefined ? 0 : durationMs(options.advance, "advance of settle()");
    await this.#world.drive({ target: this.#world.now() + advanceMs });
  }

  sent<X extends Need, M extends Message>(to: Target<string, X, M>): readonly OutputOf<M>[] {
    const { channel, message, spec } = to["~target"];
    const compiled = compileMessage(message);
    const codec = spec.settings.codec ?? jsonCodec;
    return this.#watch.sent
      .filter(({ destination, outgoing }) => {
        const { type, brokerId } = outgoing.envelope;
        return destination.channel.name === channel && type === compiled.type && brokerId === undefined;
      })
      .map(({ outgoing: { envelope } }) => {
        const data = compiled.fromWire(envelope.version, codec.decode(envelope.body, envelope.contentType));
        if (data instanceof Promise)
          throw new WaybillError("unsupported", "sent() cannot wait for an asynchronous schema");
        return data as OutputOf<M>;
      });
  }

  deadLetters(channel?: Channel): readonly TestDeadLetter[] {
    const name = channel?.["~channel"].name;
    return this.#sources()
      .filter(({ source }) => name === undefined || source.channel.name === name)
      .flatMap(({ connection, source }) => {
        const receiver = connection.deadLetters(source);
        const letters = receiver.peek(10_000);
        void receiver.close();
        if (letters instanceof Promise) {
          throw new WaybillError(
            "unsupported",
            `${this.#transport.name} cannot be looked into at once: use app().deadLetters()`,
          );
        }
        return letters.map((letter) => testDeadLetter(source, letter));
      });
  }

  failNext(step: FaultyStep, options: FailNextOptions = {}): void {
    const {
      channel,
      error = new WaybillError("transportFailed", `the test made this ${step} fail`),
      times = 1,
    } = options;
    for (let n = 0; n < times; n += 1) {
      this.#watch.faults.push({
        step,
        error,
        afterEffect: options.afterEffect ?? false,
        ...(channel !== undefined ? { address: channel["~channel"].name } : {}),
      });
    }
  }

  crash(service: AnyService, plan?: CrashPlan): void {
    const { process } = this.#runningOf(service["~service"].name);
    if (plan === undefined) process.crash();
    else process.crashAt(plan);
  }

  async restart(service: AnyService): Promise<void> {
    const running = this.#runningOf(service["~service"].name);
    if (running.process.alive) running.process.crash();
    await this.#start(running.spec);
  }

  hang(signal: AbortSignal): Promise<never> {
    const unpark = this.#world.activity.park();
    return new Promise((_resolve, reject) => {
      const end = (): void => {
        unpark();
        reject(signal.reason as Error);
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  app(service?: AnyService): App {
    const name = service?.["~service"].name ?? this.#services[0]?.name ?? "";
    return this.#runningOf(name).app;
  }

  async stop(options: { readonly deadline?: Duration } = {}): Promise<void> {
    const living = [...this.#running.values()].filter(({ process }) => process.alive);
    const before = new Map(living.map(({ spec }) => [spec.name, this.#world.activity.describe()]));
    let reports: readonly StopReport[] | undefined;
    const stopped = Promise.all(living.map(({ app }) => app.stop(options))).then((all) => {
      reports = all;
    });
    await this.#world.drive({ ended: () => reports !== undefined });
    await stopped;
    await this.#outside?.connection.close();
    const unfinished = (reports ?? []).reduce((sum, report) => sum + report.unfinished, 0);
    if (unfinished === 0) return;
    const names = [...new Set([...before.values()].flat())].join("; ");
    throw new WaybillError(
      "notQuiet",
      `${String(unfinished)} deliveries were not settled when the test ended: ${names}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(spec: ServiceSpec): Promise<void> {
    const connections: Connection[] = [];
    const process = simulatedProcess(this.#world, () => {
      // The connection of a dead process is cut: its locks end by themselves.
      for (const connection of connections) void connection.close();
    });
    const transport = watchedTransport(keeping(this.#transport, connections), this.#watch);
    const app = await start(
      spec,
      {
        transport,
        deps: this.#options.deps,
        idempotency: this.#idempotency,
        on: (event) => void this.events.push(event),
      },
      process.runtime,
    );
    this.#running.set(spec.name, { spec, process, app, connections });
  }

  /** What a producer outside of the services sends with: to every channel that any of them knows. */
  async #connectOutside(): Promise<{ producer: Producer; connection: Connection }> {
    const channels = new Map(
      this.#services.flatMap((spec) =>
        [
          ...spec.sends.map((channel) => channel["~channel"]),
          ...spec.consumers.map(({ channel }) => channel),
        ].map((channel) => [channel.name, channel] as const),
      ),
    );
    const destinations = [...channels.values()].map((channel) => ({ channel, address: channel.name }));
    const connection = await this.#transport.connect({
      service: "test",
      runtime: this.#world,
      destinations,
      sources: [],
    });
    const { maxMessageBytes } = this.#transport.capabilities;
    const routes = new Map<string, Route>(
      destinations.map((destination) => [
        destination.channel.name,
        { destination, declared: true, sender: connection.sender(destination), maxMessageBytes },
      ]),
    );
    return {
      connection,
      producer: new Producer({ service: "test", runtime: this.#world, emit: undefined }, routes),
    };
  }

  async #send(made: { readonly channel: string; readonly outgoing: Outgoing }): Promise<void> {
    const [result] = await this.#theOutside().producer.dispatch([made]);
    if (result?.ok !== true)
      throw result?.error ?? new WaybillError("ambiguousSend", "the transport gave no answer");
  }

  #theOutside(): { readonly producer: Producer; readonly connection: Connection } {
    if (this.#outside === undefined) throw new WaybillError("closed", "the test bus is not open");
    return this.#outside;
  }

  #runningOf(name: string): Running {
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    throw new WaybillError("unknownChannel", `the test bus runs no service "${name}"`);
  }

  /** Every source once, with the newest connection that reads it. */
  #sources(): readonly { readonly connection: Connection; readonly source: Source }[] {
    const newest = new Map(this.#watch.sources.map((each) => [nameOf(each.source), each] as const));
    return [...newest.values()];
  }
}

/** Notes the connections that are made. */
function keeping(inner: Transport, connections: Connection[]): Transport {
  return {
    name: inner.name,
    capabilities: inner.capabilities,
    connect: async (context) => {
      const connection = await inner.connect(context);
      connections.push(connection);
      return connection;
    },
  };
}

function nameOf(source: Source): string {
  return `${source.kind} ${source.address} ${asOf(source)}`;
}

function asOf(source: Source): string {
  switch (source.kind) {
    case "queue":
      return source.channel.name;
    case "subscription":
      return source.subscription;
    case "group":
      return source.group;
    case "listener":
      return source.listener;
  }
}

function testDeadLetter(source: Source, { envelope, record }: DeadLetterDelivery): TestDeadLetter {
  return {
    channel: source.channel.name,
    as: asOf(source),
    id: envelope.id,
    type: envelope.type,
    reason: record.reason,
    description: record.description,
    attempts: record.attempts,
    data: dataOf(source, envelope),
  };
}

function dataOf(source: Source, envelope: DeadLetterDelivery["envelope"]): unknown {
  try {
    return (source.channel.settings.codec ?? jsonCodec).decode(envelope.body, envelope.contentType);
  } catch {
    return undefined;
  }
}
