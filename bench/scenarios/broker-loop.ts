import { createBroker, type Broker } from "../../adapters/memory/broker/broker.js";
import type { QueueOptions } from "../../adapters/memory/broker/entity-options.js";
import type { Receiver } from "../../adapters/memory/broker/receiver.js";
import { workers, type Contender } from "../measure.js";
import { order, orderBytes, type Order } from "./order.js";

/** Messages that are sent before the handlers get a turn. */
export const burst = 1_000;
export const concurrency = 16;

export interface BrokerQueue {
  readonly broker: Broker;
  readonly receiver: Receiver;
}

/** A queue of the in-memory broker, without adapter and SDK. */
export function brokerQueue(options: QueueOptions = {}): BrokerQueue {
  const broker = createBroker({ startMs: Date.now() });
  broker.createQueue("orders", options);
  return { broker, receiver: broker.attachReceiver("orders") };
}

/** Send, lock, awaited handler, complete: one message at a time, 16 at once; bytes in, bytes out. */
export function brokerLoop(messages: number): Contender<"broker"> {
  const queue = brokerQueue();
  let seen = 0;
  const handler = async (body: Uint8Array): Promise<void> => {
    seen += body.byteLength;
  };
  return {
    name: "broker",
    messages,
    run: (count) => bursts(queue, count, () => orderBytes, handler).then(() => seen),
  };
}

/** The same with JSON both ways in its own loop: what the whole SDK is compared with. */
export function brokerJsonLoop(messages: number): Contender<"broker and JSON"> {
  const queue = brokerQueue();
  let seen = 0;
  const handler = async (body: Uint8Array): Promise<void> => {
    seen += (JSON.parse((body as Buffer).toString()) as Order).items.length;
  };
  return {
    name: "broker and JSON",
    messages,
    run: (count) =>
      bursts(queue, count, (number) => Buffer.from(JSON.stringify(order(number))), handler).then(() => seen),
  };
}

/** The same in batches of 64: one send, one handler call, 64 settlements. */
export function brokerBatches(messages: number): Contender<"broker, batches of 64"> {
  const { broker, receiver } = brokerQueue();
  const size = 64;
  let seen = 0;
  const handler = async (bodies: readonly Uint8Array[]): Promise<void> => {
    seen += bodies.length;
  };
  return {
    name: "broker, batches of 64",
    messages,
    run: async (count) => {
      for (let sent = 0; sent < count; sent += size) {
        broker.advanceTo(Date.now());
        broker.send(
          "orders",
          Array.from({ length: size }, (_, at) => ({ messageId: String(sent + at), body: orderBytes })),
        );
        const taken = receiver.take(size);
        await handler(taken.map(({ message }) => message.body));
        for (const delivery of taken) receiver.complete(delivery);
      }
      return seen;
    },
  };
}

async function bursts(
  { broker, receiver }: BrokerQueue,
  count: number,
  bodyOf: (number: number) => Uint8Array,
  handler: (body: Uint8Array) => Promise<void>,
): Promise<void> {
  for (let sent = 0; sent < count; sent += burst) {
    broker.advanceTo(Date.now());
    for (let at = 0; at < burst; at += 1) {
      broker.send("orders", [{ messageId: String(sent + at), body: bodyOf(sent + at) }]);
    }
    await workers(concurrency, () => drain(receiver, handler));
  }
}

/** One worker: takes, handles and completes until nothing is left. */
export async function drain(receiver: Receiver, handler: (body: Uint8Array) => Promise<void>): Promise<void> {
  for (;;) {
    const [delivery] = receiver.take(1);
    if (delivery === undefined) return;
    await handler(delivery.message.body);
    receiver.complete(delivery);
  }
}
