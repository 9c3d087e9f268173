import {
  memory,
  memoryBlobs,
  memoryBroker,
  memoryIdempotency,
  type MemoryBroker,
} from "../../adapters/memory/index.js";
import type { App } from "../app.js";
import { ClaimCheck } from "../claim-check/claim-check.js";
import { claimCheckSettings, type ClaimCheckOptions } from "../claim-check/options.js";
import { channelId, type Channel, type Need, type Target } from "../contracts/channel.js";
import { compileMessage } from "../contracts/compiled-message.js";
import type { Message, OutputOf } from "../contracts/message.js";
import type { ScheduledSendOptions } from "../contracts/send-options.js";
import { WaybillError } from "../errors.js";
import { noHistory } from "../message/attributes.js";
import { jsonCodec } from "../message/codec.js";
import { copyId } from "../message/copy-id.js";
import type { Envelope } from "../message/envelope.js";
import { noHeaders } from "../message/header-rules.js";
import type { AppEvent } from "../policy/app-event.js";
import type { Route } from "../produce/outlet.js";
import { Producer } from "../produce/producer.js";
import { durationMs, type Duration } from "../runtime/duration.js";
import { virtualRuntime, type VirtualRuntime } from "../runtime/virtual-runtime.js";
import type { AnyService, ServiceSpec } from "../service.js";
import { start } from "../start.js";
import type { IdempotencyStore } from "../store/idempotency-store.js";
import type { StopReport } from "../supervise/shutdown.js";
import type { Connection, Outgoing, Source, Transport } from "../transport/transport.js";
import { nameOfSource, testDeadLetter } from "./dead-letter.js";
import { rememberingBodies } from "./remembering-bodies.js";
import { simulatedProcess, type CrashPlan, type SimulatedProcess } from "./simulated-process.js";
import type {
  Delivered,
  FailNextOptions,
  RawMessage,
  TestBus,
  TestBusOptions,
  TestDeadLetter,
  TestStopOptions,
} from "./test-bus.js";
import { watchedTransport, type FaultyStep, type Watch } from "./watched-transport.js";

/** Opens a test bus: virtual time, a broker, and every service started on it. */
export async function openBus(
  services: readonly ServiceSpec[],
  options: TestBusOptions<unknown>,
): Promise<TestBus> {
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
  /** Absent where the test brings its own transport. */
  readonly #broker: MemoryBroker | undefined;
  readonly #idempotency: IdempotencyStore;
  readonly #claimCheck: ClaimCheckOptions | undefined;
  /** What is in the claim check, by name: what was sent can be looked at without waiting. */
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #watch: Watch = { faults: [], sent: [], sources: [] };
  readonly #running = new Map<string, Running>();
  #outside: { readonly producer: Producer; readonly connection: Connection } | undefined;
  #copies = 0;

  constructor(world: VirtualRuntime, services: readonly ServiceSpec[], options: TestBusOptions<unknown>) {
    this.#world = world;
    this.#services = services;
    this.#options = options;
    this.#broker = options.transport === undefined ? memoryBroker() : undefined;
    this.#transport = options.transport ?? memory(this.#broker === undefined ? {} : { broker: this.#broker });
    const { claimCheck } = options;
    this.#claimCheck = claimCheck && {
      ...claimCheck,
      store: rememberingBodies(claimCheck.store ?? memoryBlobs(), this.#bodies),
    };
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

  async deliverRaw(channel: Channel, raw: RawMessage): Promise<Delivered> {
    const { body, headers = noHeaders, id = this.#world.uuid("raw message"), type = "", ...given } = raw;
    const envelope: Envelope = {
      ...given,
      id,
      type,
      source: "test",
      headers,
      history: noHistory,
      extensions: noHeaders,
      body: typeof body === "string" ? Buffer.from(body) : body,
    };
    const made = { channel: channelId(channel["~channel"]), outgoing: { envelope } };
    await this.#send(made);
    return { id, ...made };
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
        const body = this.#bodyOf(envelope);
        const data = compiled.fromWire(envelope.version, codec.decode(body, envelope.contentType));
        if (data instanceof Promise)
          throw new WaybillError("unsupported", "sent() cannot wait for an asynchronous schema");
        return data;
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
        return letters.map((letter) => testDeadLetter(source, letter, this.#bodyOf(letter.envelope)));
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

  isAlive(service: AnyService): boolean {
    return this.#runningOf(service["~service"].name).process.alive;
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

  async stop(options: TestStopOptions = {}): Promise<void> {
    const living = [...this.#running.values()].filter(({ process }) => process.alive);
    const open = this.#world.activity.describe();
    let reports: readonly StopReport[] | undefined;
    const stopped = Promise.all(living.map(({ app }) => app.stop(options))).then((all) => {
      reports = all;
    });
    await this.#world.drive({ ended: () => reports !== undefined });
    await stopped;
    await this.#outside?.connection.close();
    const unfinished = (reports ?? []).reduce((sum, report) => sum + report.unfinished, 0);
    if (unfinished > 0) {
      throw new WaybillError(
        "notQuiet",
        `${String(unfinished)} deliveries were not settled when the test ended: ${open.join("; ")}`,
      );
    }
    if (options.leftovers !== "ignore") this.#refuseLeftovers(living, open);
  }

  /** Messages that a service reads and nobody has handled: a test that forgot to settle looks like one that passed. */
  #refuseLeftovers(living: readonly Running[], open: readonly string[]): void {
    const read = new Set(
      living.flatMap(({ spec }) => spec.consumers.map(({ channel, as }) => `${channel.name} ${as}`)),
    );
    const waiting = (this.#broker?.counts() ?? []).filter(
      ({ kind, address, as, active }) =>
        active > 0 && kind !== "topic" && kind !== "listener" && read.has(`${address} ${as ?? address}`),
    );
    if (waiting.length === 0) return;
    const places = waiting.map(
      ({ address, as, active }) => `${String(active)} in ${address}${as === undefined ? "" : `/${as}`}`,
    );
    throw new WaybillError(
      "notQuiet",
      `when the test ended, messages waited that nobody had handled: ${[...places, ...open].join("; ")}. ` +
        'Call settle() before stop(), or stop({ leftovers: "ignore" }) if that is meant',
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
        ...(this.#claimCheck === undefined ? {} : { claimCheck: this.#claimCheck }),
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
        ].map((channel) => [channelId(channel), channel] as const),
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
        channelId(destination.channel),
        { destination, declared: true, sender: connection.sender(destination), maxMessageBytes },
      ]),
    );
    const claimCheck = this.#claimCheck && new ClaimCheck(claimCheckSettings(this.#claimCheck), this.#world);
    const context = { service: "test", runtime: this.#world, emit: undefined, claimCheck };
    return { connection, producer: new Producer(context, routes) };
  }

  #bodyOf({ dataRef, body }: Envelope): Uint8Array {
    return (dataRef === undefined ? undefined : this.#bodies.get(dataRef)) ?? body;
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
    const newest = new Map(this.#watch.sources.map((each) => [nameOfSource(each.source), each] as const));
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
