import { ServiceBusClient } from "@azure/service-bus";
import { createChannelEntity } from "../../adapters/memory/broker/channels/channel-entity.js";
import { clientOptions, serviceBus } from "../../adapters/service-bus/index.js";
import type { Connection } from "../../src/transport/index.js";
import { startEmulator } from "../../tools/emulator/start-emulator.js";
import type { Emulator } from "../../tools/emulator/emulator.js";
import type { Setting } from "./commands.js";
import { EmulatorEntity } from "./emulator-entity.js";
import { lookInto } from "./look-text.js";
import { Party } from "./party.js";
import { placeOf } from "./place.js";
import type { Begun, Side } from "./side.js";
import type { StillRuntime } from "./still-runtime.js";
import { until } from "./until.js";
import { watchedRuntime, type WatchedRuntime } from "./watched-runtime.js";

/** The Service Bus adapter, Microsoft's client and the emulator: one of each, and a queue or a topic for every sequence. */
export class EmulatorSide implements Side {
  readonly #emulator: Emulator;
  readonly #runtime: WatchedRuntime;
  #connection: Connection | undefined;
  #begun = 0;

  private constructor(emulator: Emulator, runtime: WatchedRuntime) {
    this.#emulator = emulator;
    this.#runtime = runtime;
  }

  static async start(runtime: StillRuntime): Promise<EmulatorSide> {
    const emulator = await startEmulator({ port: 0, httpPort: 0, clock: runtime, recordedEvents: 1_000 });
    return new EmulatorSide(emulator, watchedRuntime(runtime, operationMs));
  }

  async begin(name: string, setting: Setting): Promise<Begun> {
    const namespace = this.#emulator.namespace();
    const place = placeOf(name, setting);
    createChannelEntity(
      {
        createQueue: (queue, options) => namespace.createQueue(queue, options),
        createTopic: (topic, options) => namespace.createTopic(topic, options),
        createSubscription: (topic, subscription, options) =>
          namespace.enter(() => namespace.broker.createSubscription(topic, subscription, options)),
        createHub: refuse,
        createNotifications: refuse,
      },
      name,
      place.destination.channel,
    );
    const entity = new EmulatorEntity(this.#emulator, place.path, setting);
    const party = new Party(await this.#connected(), place, setting, {
      runtime: this.#runtime,
      exhausted: (got, answered) =>
        until(
          () => answered() || entity.exhausted(got),
          () => `the end of a receive, ${entity.describe()}`,
        ),
      atRest: async () => {
        await until(
          () => this.#runtime.underWay === 0 && entity.atRest(),
          () => `rest of ${this.#runtime.underWay} operations, ${entity.describe()}`,
        );
        entity.forgetDelivered();
      },
      look: () => namespace.enter(() => lookInto(namespace.broker, place.path)),
    });
    await party.begin();
    return {
      party,
      end: async () => {
        if (setting.kind === "queue") namespace.deleteQueue(name);
        else namespace.deleteTopic(name);
      },
    };
  }

  async close(): Promise<void> {
    await this.#connection?.close();
    await this.#emulator.close();
  }

  /** A new client now and then: the SDK keeps what it opened for the management of each queue as long as it lives. */
  async #connected(): Promise<Connection> {
    this.#begun += 1;
    if (this.#connection !== undefined && this.#begun % sequencesPerClient !== 0) return this.#connection;
    await this.#connection?.close();
    const transport = serviceBus({
      client: () => new ServiceBusClient(this.#emulator.serviceBus.connectionString, clientOptions),
      operationTimeout: `${operationMs}ms`,
    });
    this.#connection = await transport.connect({
      service: "differential",
      runtime: this.#runtime,
      destinations: [],
      sources: [],
    });
    return this.#connection;
  }
}

const sequencesPerClient = 16;

/** Told from all other times by its last digits. */
const operationMs = 3_123;

const refuse = (): never => {
  throw new Error("a sequence has a queue or a topic, and nothing else");
};
