import { noHeaders } from "../../src/message/header-rules.js";
import { memory, type MemoryBroker } from "../../adapters/memory/index.js";
import type { ChannelKind, ChannelSettings, ChannelSpec } from "../../src/contracts/channel.js";
import type { DeadLetterRecord, Envelope } from "../../src/message/envelope.js";
import { virtualRuntime, type VirtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type {
  Connection,
  Delivery,
  GroupSource,
  ListenerSource,
  MessageFilter,
  QueueSource,
  Receiver,
  ReceiverOptions,
  SendResult,
  SettleAction,
  Source,
  SubscriptionSource,
} from "../../src/transport/index.js";

/** A channel with nothing but settings: the adapter looks at no message. */
export const channelSpec = (
  kind: ChannelKind,
  name: string,
  settings: Partial<ChannelSettings> = {},
): ChannelSpec => ({
  format: 1,
  name,
  kind,
  messages: {},
  needs: [],
  settings: { ordered: kind === "stream", scheduled: false, ...settings },
  narrowed: false,
});

export const queueSource = (name: string, settings?: Partial<ChannelSettings>): QueueSource => ({
  kind: "queue",
  channel: channelSpec("queue", name, settings),
  address: name,
});

export const subscriptionSource = (
  name: string,
  subscription: string,
  filter: MessageFilter = { types: undefined },
  settings?: Partial<ChannelSettings>,
): SubscriptionSource => ({
  kind: "subscription",
  channel: channelSpec("topic", name, settings),
  address: name,
  subscription,
  filter,
});

export const groupSource = (
  name: string,
  group: string,
  settings: Partial<ChannelSettings> = { partitions: 2 },
): GroupSource => ({ kind: "group", channel: channelSpec("stream", name, settings), address: name, group });

export const listenerSource = (
  name: string,
  listener: string,
  filter: MessageFilter = { types: undefined },
): ListenerSource => ({
  kind: "listener",
  channel: channelSpec("notifications", name),
  address: name,
  listener,
  filter,
});

/** An envelope whose body is JSON of `data`. */
export const envelope = (id: string, more: Partial<Envelope> = {}): Envelope => ({
  id,
  source: "test",
  type: "test.thing",
  version: 1,
  contentType: "application/json",
  headers: noHeaders,
  history: {},
  extensions: noHeaders,
  body: Buffer.from(JSON.stringify({ id })),
  ...more,
});

/** A world of virtual time with one broker, and services that connect to it. */
export class Fixture {
  readonly runtime: VirtualRuntime = virtualRuntime();
  readonly lost: { readonly id: string; readonly code: string }[] = [];
  readonly #transport: ReturnType<typeof memory>;

  constructor(broker?: MemoryBroker) {
    this.#transport = memory(broker === undefined ? {} : { broker });
  }

  connect(sources: readonly Source[], service = "svc"): Connection {
    const connection = this.#transport.connect({
      service,
      runtime: this.runtime,
      destinations: sources.map(({ channel, address }) => ({ channel, address })),
      sources,
    });
    if (connection instanceof Promise) throw new Error("the memory adapter connects at once");
    return connection;
  }

  receiver(connection: Connection, source: Source, options: Partial<ReceiverOptions> = {}): Receiver {
    return connection.receiver(source, {
      lanes: 8,
      perLane: 1,
      startFrom: "earliest",
      onLost: (delivery, { code }) => void this.lost.push({ id: delivery.envelope.id, code }),
      ...options,
    });
  }

  advance(ms: number): Promise<void> {
    return this.runtime.drive({ target: this.runtime.now() + ms });
  }
}

export const never = new AbortController().signal;

/** What a receive answers at once; throws if it waits. */
export function now(receiver: Receiver, max = 10): readonly Delivery[] {
  const gone = new AbortController();
  gone.abort();
  return sync(receiver.receive(max, gone.signal));
}

/** Deliveries as ids. */
export const ids = (deliveries: readonly Delivery[]): readonly string[] =>
  deliveries.map((delivery) => delivery.envelope.id);

/** The value of what the memory adapter never makes wait for. */
export function sync<T>(value: T | Promise<T>): T {
  if (value instanceof Promise) throw new Error("expected a value, not a promise");
  return value;
}

export function send(
  connection: Connection,
  source: Source,
  ...envelopes: Envelope[]
): readonly SendResult[] {
  return sync(connection.sender(source).send(envelopes.map((each) => ({ envelope: each }))));
}

/** Settles one delivery; the code of the error, if there is one. */
export function settle(
  receiver: Pick<Receiver, "settle">,
  delivery: Delivery | undefined,
  action: SettleAction,
): string | undefined {
  if (delivery === undefined) throw new Error("there is nothing to settle");
  return sync(receiver.settle([{ delivery, action }]))[0]?.code;
}

export const complete: SettleAction = { kind: "complete" };
export const release: SettleAction = { kind: "release", history: {} };
export const record: DeadLetterRecord = {
  reason: "Permanent",
  description: "it cannot be done",
  attempts: 2,
  deliveryCount: 2,
  consumer: "svc",
  from: "here",
  at: "2026-01-01T00:00:00.000Z",
};
export const bury: SettleAction = { kind: "deadLetter", record };
