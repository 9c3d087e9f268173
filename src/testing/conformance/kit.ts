import { memoryIdempotency } from "../../../adapters/memory/index.js";
import type { ChannelKind } from "../../contracts/channel.js";
import type { Envelope } from "../../message/envelope.js";
import { noHeaders } from "../../message/header-rules.js";
import type { AppEvent } from "../../policy/app-event.js";
import { start } from "../../start.js";
import type { IdempotencyStore } from "../../store/idempotency-store.js";
import type { Capabilities } from "../../transport/capabilities.js";
import type {
  Connection,
  DeadLetterDelivery,
  MessageFilter,
  Outgoing,
  ReceiverOptions,
  SendResult,
  Source,
  Transport,
} from "../../transport/transport.js";
import { simulatedProcess } from "../simulated-process.js";
import { check } from "./check.js";
import { conduitOf, sourceOf, ThingMade, type Conduit, type ConduitOptions } from "./conduit.js";
import type { ConformanceAdapter, ConformanceWorld } from "./harness.js";
import { Reader } from "./reader.js";
import { timeOf, type Gate, type Time } from "./time.js";
import { Unreliable } from "./unreliable.js";
import { serviceOf, workerOf, type Work, type Worker } from "./worker.js";

/** What {@link Kit.connect} opens. */
export interface Line {
  readonly connection: Connection;
  /** Sends envelopes, one result each. */
  send(to: Conduit, ...envelopes: readonly Envelope[]): Promise<readonly SendResult[]>;
  sendAll(to: Conduit, outgoing: readonly Outgoing[]): Promise<readonly SendResult[]>;
  reader(
    conduit: Conduit,
    as?: string,
    options?: Partial<ReceiverOptions> & { filter?: MessageFilter },
  ): Reader;
  deadLetters(conduit: Conduit, as?: string): Promise<readonly DeadLetterDelivery[]>;
  close(): Promise<void>;
}

/** What a connection of a behaviour reads: as `"reader"` unless it says otherwise. */
export interface Reads {
  readonly conduit: Conduit;
  readonly as?: string;
  readonly filter?: MessageFilter;
}

type TriedAdapter = Pick<ConformanceAdapter, "capabilities" | "many" | "plainEntities">;

/** Everything that the body of a behaviour works with, on one kind of channel. */
export class Kit {
  readonly kind: ChannelKind;
  readonly capabilities: Capabilities;
  /** How many messages are many. */
  readonly many: number;
  /** Entities have nothing that a contract could contradict. */
  readonly plainEntities: boolean;
  readonly world: ConformanceWorld;
  readonly time: Time;
  /** Marks the messages of this run. */
  readonly run: string;
  readonly #cleanups: (() => Promise<unknown>)[] = [];
  readonly #gates: Gate[] = [];
  #names = 0;

  constructor(kind: ChannelKind, adapter: TriedAdapter, world: ConformanceWorld, run: string) {
    this.kind = kind;
    this.capabilities = adapter.capabilities;
    this.many = adapter.many ?? 5_000;
    this.plainEntities = adapter.plainEntities ?? false;
    this.world = world;
    this.time = timeOf(world.runtime);
    this.run = run;
  }

  /** Declares a channel of this kind, or of another, with a name of its own. */
  conduit(options: ConduitOptions = {}, kind: ChannelKind = this.kind): Conduit {
    return conduitOf(kind, this.name(kind), options);
  }

  /** A name that nothing else has. */
  name(what: string): string {
    this.#names += 1;
    return `${this.world.uniquePrefix}${this.run}-${what}-${String(this.#names)}`;
  }

  gate(): Gate {
    const gate = this.time.gate();
    this.#gates.push(gate);
    return gate;
  }

  idempotency(): IdempotencyStore {
    return memoryIdempotency({ runtime: this.world.runtime });
  }

  /** An envelope with number `n`. */
  envelope(n: number, more: Partial<Envelope> = {}): Envelope {
    return {
      id: `${this.run}-${String(n)}`,
      source: "conformance",
      type: ThingMade["~message"].type,
      version: 1,
      key: `k${String(n)}`,
      contentType: "application/json",
      history: {},
      extensions: noHeaders,
      body: Buffer.from(JSON.stringify({ n })),
      ...more,
      headers: { run: this.run, ...more.headers },
    };
  }

  /** Envelopes numbered from 1. */
  envelopes(count: number, more: (n: number) => Partial<Envelope> = () => ({})): readonly Envelope[] {
    return Array.from({ length: count }, (_, at) => this.envelope(at + 1, more(at + 1)));
  }

  /** Connects as a service would, to send to `sends` and to read `reads`. */
  async connect(
    sends: readonly Conduit[],
    reads: readonly (Conduit | Reads)[] = [],
    transport: Transport = this.world.transport(),
  ): Promise<Line> {
    const sources = reads
      .map((each) => readsOf(each))
      .map(({ conduit, as = "reader", filter }) => sourceOf(conduit, as, filter));
    const destinations = sends.map(({ spec: channel, name: address }) => ({ channel, address }));
    await this.world.prepare?.({ destinations, sources });
    const { runtime } = this.world;
    const connection = await transport.connect({ service: "conformance", runtime, destinations, sources });
    const line = this.#line(connection, sources);
    this.#cleanups.push(() => line.close());
    return line;
  }

  /** Starts a service. @throws what `start()` throws. */
  async work(work: Work, transport?: Transport): Promise<Worker> {
    const spec = serviceOf(work)["~service"];
    const line = new Unreliable();
    const events: AppEvent[] = [];
    const connections: Connection[] = [];
    // The connection of a process that died is cut: its locks end by themselves.
    const process = simulatedProcess(this.world.runtime, () => {
      for (const connection of connections) void connection.close();
    });
    const wrapped = line.wrap(this.#keeping(transport ?? this.world.transport(), connections));
    const { idempotency, claimCheck, address } = work;
    const app = await this.time.finish(
      start(
        spec,
        {
          transport: wrapped,
          on: (event) => void events.push(event),
          ...(idempotency === undefined ? {} : { idempotency }),
          ...(claimCheck === undefined ? {} : { claimCheck }),
          ...(address === undefined ? {} : { address }),
        },
        process.runtime,
      ),
    );
    const worker = workerOf({ app, events, process, line, time: this.time, run: this.run });
    this.#cleanups.push(async () => {
      if (process.alive) await worker.stop("5s");
    });
    return worker;
  }

  /** A service that only sends. */
  sender(...to: readonly Conduit[]): Promise<Worker> {
    return this.work({ name: "sender", sends: to });
  }

  /** Ends everything that the behaviour opened. */
  async close(): Promise<void> {
    for (const gate of this.#gates) gate.open();
    for (const cleanUp of this.#cleanups.reverse()) await cleanUp();
    await this.world.close?.();
  }

  #keeping(inner: Transport, connections: Connection[]): Transport {
    return {
      name: inner.name,
      capabilities: inner.capabilities,
      connect: async (context) => {
        await this.world.prepare?.(context);
        const connection = await inner.connect(context);
        connections.push(connection);
        return connection;
      },
    };
  }

  #line(connection: Connection, sources: readonly Source[]): Line {
    const { time, run } = this;
    const sourceFor = (conduit: Conduit, as: string): Source =>
      sources.find((source) => source.address === conduit.name && asOf(source) === as) ??
      sourceOf(conduit, as);
    const sendAll: Line["sendAll"] = async ({ spec, name }, outgoing) => {
      const sender = connection.sender({ channel: spec, address: name });
      const results = await sender.send(outgoing);
      await sender.close();
      return results;
    };
    return {
      connection,
      sendAll,
      send: (to, ...envelopes) =>
        sendAll(
          to,
          envelopes.map((envelope) => ({ envelope })),
        ),
      reader: (conduit, as = "reader", options = {}) => {
        const lost: Reader["lost"] = [];
        const receiver = connection.receiver(sourceFor(conduit, asName(conduit, as)), {
          lanes: 8,
          perLane: conduit.kind === "stream" ? 32 : 1,
          startFrom: "earliest",
          onLost: (delivery, error) => void lost.push({ delivery, error }),
          ...options,
        });
        return new Reader(receiver, lost, time, run);
      },
      deadLetters: async (conduit, as = "reader") => {
        const receiver = connection.deadLetters(sourceFor(conduit, asName(conduit, as)));
        const letters = await receiver.peek(1_000);
        await receiver.close();
        return letters;
      },
      close: async () => connection.close(),
    };
  }
}

const readsOf = (each: Conduit | Reads): Reads => ("conduit" in each ? each : { conduit: each });

const asName = (conduit: Conduit, as: string): string => (conduit.kind === "queue" ? conduit.name : as);

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

/** @throws {ConformanceFailure} unless every message was accepted. */
export function accepted(results: readonly SendResult[]): void {
  const refused = results.filter((result) => !result.ok);
  check(
    refused.length === 0,
    `the broker accepts every message (it refused ${refused.map((each) => each.error.message).join("; ")})`,
  );
}
