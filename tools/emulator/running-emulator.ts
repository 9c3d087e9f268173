import type { AmqpServer } from "./amqp/engine/server.js";
import type { Endpoints } from "./connection-strings.js";
import { parseDurationMs } from "./duration.js";
import type { Emulator } from "./emulator.js";
import type { EmulatorParts } from "./emulator-parts.js";
import type { Faults } from "./faults/faults.js";
import type { Namespace } from "./namespace.js";
import type { RecordedEvent, RecordedFilter, Recorder } from "./recorder.js";
import { restoreSnapshot, takeSnapshot, type EmulatorSnapshot } from "./snapshot.js";

/** An emulator whose listeners accept. */
export class RunningEmulator implements Emulator {
  readonly amqpPort: number;
  readonly httpPort: number;
  readonly serviceBus: Endpoints["serviceBus"];
  readonly eventHubs: Endpoints["eventHubs"];
  readonly eventGrid: Endpoints["eventGrid"];
  readonly #parts: EmulatorParts;
  readonly #amqp: AmqpServer;

  constructor(parts: EmulatorParts, amqp: AmqpServer, endpoints: Endpoints) {
    this.#parts = parts;
    this.#amqp = amqp;
    this.amqpPort = endpoints.amqpPort;
    this.httpPort = endpoints.httpPort;
    this.serviceBus = endpoints.serviceBus;
    this.eventHubs = endpoints.eventHubs;
    this.eventGrid = endpoints.eventGrid;
  }

  get faults(): Faults {
    return this.#parts.observation.faults;
  }

  get recorder(): Recorder {
    return this.#parts.observation.recorder;
  }

  recorded(filter?: RecordedFilter): readonly RecordedEvent[] {
    return this.recorder.recorded(filter);
  }

  now(): number {
    return this.#parts.clock.now();
  }

  advance(duration: string | number): void {
    this.#parts.clock.advance(parseDurationMs(duration));
  }

  expireTokens(): void {
    this.#parts.tokens.expire();
  }

  async reset(): Promise<void> {
    const { clock, namespaces, observation } = this.#parts;
    observation.clear();
    const gone = this.#disconnect("The emulator was reset.");
    clock.rewind();
    for (const namespace of namespaces.all()) namespace.replaceEngines();
    this.#parts.declare();
    await gone;
    // Once more: what clients were told, and said, while they went is no part of the new record.
    observation.clear();
  }

  snapshot(): EmulatorSnapshot {
    return takeSnapshot(this.#parts.namespaces, this.#parts.clock);
  }

  async restore(snapshot: EmulatorSnapshot): Promise<void> {
    const { namespaces, clock } = this.#parts;
    restoreSnapshot(snapshot, namespaces, clock);
    await this.#disconnect("The emulator was restored to an earlier state.");
  }

  namespace(name?: string): Namespace {
    const { namespaces } = this.#parts;
    const namespace = name === undefined ? namespaces.default : namespaces.named(name);
    if (namespace !== undefined) return namespace;
    throw new Error(`there is no namespace "${String(name)}": give it in the option "namespaces"`);
  }

  close(): Promise<void> {
    return this.#parts.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves when the connections of now are gone. */
  #disconnect(description: string): Promise<void> {
    return this.#amqp.disconnect({ condition: "amqp:connection:forced", description });
  }
}
