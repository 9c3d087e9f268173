import { EventHubConsumerClient, EventHubProducerClient } from "@azure/event-hubs";
import { clientOptions, eventHubs, type EventHubsOptions } from "../../adapters/event-hubs/index.js";
import { memoryCheckpoints, memoryPark } from "../../adapters/memory/index.js";
import type { ChannelSpec } from "../../src/contracts/channel.js";
import { noHeaders } from "../../src/message/header-rules.js";
import { realRuntime } from "../../src/runtime/runtime.js";
import type {
  Connection,
  DeadLetterRecord,
  Delivery,
  Envelope,
  Receiver,
  ReceiverOptions,
  Sender,
  WaybillError,
} from "../../src/transport/index.js";
import { startFixture, type Fixture } from "../emulator/fixture.js";

/** The adapter looks at no message, so there are none. */
const sales = (partitions: number): ChannelSpec => ({
  format: 1,
  name: "sales",
  kind: "stream",
  messages: {},
  needs: [],
  settings: { ordered: true, scheduled: false, partitions },
  narrowed: false,
});

/** One hub `sales` behind real sockets, and services that send to it and read it. */
export class HubFixture {
  readonly emulator: Fixture;
  readonly checkpoints = memoryCheckpoints();
  readonly park = memoryPark();
  readonly partitions: number;
  readonly #open: Connection[] = [];

  private constructor(emulator: Fixture, partitions: number) {
    this.emulator = emulator;
    this.partitions = partitions;
  }

  static async start(partitions = 1): Promise<HubFixture> {
    const fixture = new HubFixture(await startFixture(), partitions);
    fixture.emulator.namespace.createHub("sales", { partitions });
    fixture.addGroup("till");
    return fixture;
  }

  addGroup(name: string): void {
    this.emulator.namespace.enter(() => {
      this.emulator.namespace.streams.createConsumerGroup("sales", name);
    });
  }

  options(more: Partial<EventHubsOptions> = {}): EventHubsOptions {
    const connectionString = this.emulator.connectionString();
    return {
      producer: (hub) => new EventHubProducerClient(connectionString, hub, clientOptions),
      consumer: (hub, group) => new EventHubConsumerClient(group, connectionString, hub, clientOptions),
      checkpoints: this.checkpoints,
      park: this.park,
      balanceInterval: "100ms",
      ownershipExpiry: "5000ms",
      silence: "200ms",
      ...more,
    };
  }

  /** What a service sees: a connection of its own. */
  async connect(
    more: Partial<EventHubsOptions> = {},
    { runtime = realRuntime(), partitions = this.partitions } = {},
  ): Promise<HubLine> {
    const place = { channel: sales(partitions), address: "sales" };
    const source = { ...place, kind: "group", group: "till" } as const;
    const connection = await eventHubs(this.options(more)).connect({
      service: "till",
      runtime,
      destinations: [place],
      sources: [source],
    });
    this.#open.push(connection);
    return {
      connection,
      sender: () => connection.sender(place),
      senderTo: (address) => connection.sender({ ...place, address }),
      deadLetters: () => connection.deadLetters(source),
      reader: (options = {}) => {
        const lost: HubReader["lost"] = [];
        const receiver = connection.receiver(source, {
          lanes: 8,
          perLane: 32,
          startFrom: "earliest",
          onLost: (delivery, error) => lost.push({ delivery, error }),
          ...options,
        });
        return new HubReader(receiver, lost);
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.map(async (connection) => connection.close()));
    await this.emulator.close();
  }
}

export interface HubLine {
  readonly connection: Connection;
  sender(): Sender;
  senderTo(address: string): Sender;
  deadLetters(): ReturnType<Connection["deadLetters"]>;
  reader(options?: Partial<ReceiverOptions>): HubReader;
}

/** A receiver, and what it said to be lost. */
export class HubReader {
  readonly receiver: Receiver;
  readonly lost: { readonly delivery: Delivery; readonly error: WaybillError }[];

  constructor(receiver: Receiver, lost: HubReader["lost"]) {
    this.receiver = receiver;
    this.lost = lost;
  }

  /** Takes until there are `count`, and leaves them unsettled. */
  async take(count: number): Promise<readonly Delivery[]> {
    const taken: Delivery[] = [];
    while (taken.length < count) {
      taken.push(...(await this.receiver.receive(count - taken.length, new AbortController().signal)));
    }
    return taken;
  }

  /** What comes next: nothing if nothing comes for a moment. */
  async next(signal: AbortSignal = AbortSignal.timeout(300)): Promise<readonly Delivery[]> {
    return this.receiver.receive(100, signal);
  }

  async complete(...deliveries: readonly Delivery[]): Promise<readonly (WaybillError | undefined)[]> {
    return this.receiver.settle(deliveries.map((delivery) => ({ delivery, action: { kind: "complete" } })));
  }

  async checkpoint(delivery: Delivery | undefined): Promise<void> {
    if (delivery !== undefined) await this.receiver.checkpoint?.(delivery);
  }
}

export const envelope = (n: number, more: Partial<Envelope> = {}): Envelope => ({
  id: `sale-${String(n)}`,
  source: "till",
  type: "tailwind.item.sold",
  version: 1,
  contentType: "application/json",
  history: {},
  extensions: noHeaders,
  headers: noHeaders,
  body: Buffer.from(JSON.stringify({ n })),
  ...more,
});

/** Why something was given up. */
export const record: DeadLetterRecord = {
  reason: "Permanent",
  description: "it cannot be done",
  attempts: 3,
  deliveryCount: 1,
  consumer: "till",
  from: "sales",
  at: "2026-01-01T00:00:00.000Z",
};

export const numbers = (deliveries: readonly Pick<Delivery, "envelope">[]): readonly number[] =>
  deliveries.map(({ envelope: { body } }) => (JSON.parse(Buffer.from(body).toString()) as { n: number }).n);

export const outgoing = (...all: readonly Envelope[]): readonly { readonly envelope: Envelope }[] =>
  all.map((each) => ({ envelope: each }));
