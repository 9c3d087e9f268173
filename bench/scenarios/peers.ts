import fastq from "fastq";
import { Broker } from "smqp";
import type { Contender } from "../measure.js";
import { burst, concurrency } from "./broker-loop.js";
import { orderBytes } from "./order.js";

/** A queue of somebody else, which first takes a backlog and then hands it out. */
export interface PeerQueue {
  send(count: number): Promise<void>;
  /** Hands out to an asynchronous handler until everything is handled, or the time is up. Answers how many were. */
  drain(limitMs: number): Promise<number>;
  close(): Promise<void>;
}

/** The peers by name. Loading node-ts slows every await of a process, so it is not loaded before it is asked for. */
export const peers = {
  fastq: fastqQueue,
  smqp: () => smqpQueue("queue"),
  "node-ts": async (): Promise<PeerQueue> => (await import("./node-ts-queue.js")).nodeTsQueue(),
};

const loopPeers = { ...peers, "smqp, through an exchange": () => smqpQueue("exchange") };

/** A peer in the loop of P1: bursts, then handlers until nothing is left. */
export function peerLoop<Name extends keyof typeof loopPeers>(name: Name, messages: number): Contender<Name> {
  return {
    name,
    messages,
    run: async (count) => {
      const queue = await loopPeers[name]();
      for (let sent = 0; sent < count; sent += burst) {
        await queue.send(Math.min(burst, count));
        const drained = await queue.drain(60_000);
        if (drained !== Math.min(burst, count))
          throw new Error(`${name} drained ${String(drained)} messages`);
      }
      await queue.close();
    },
  };
}

/** No messaging semantics: a list of tasks and a limit of how many run at once. */
async function fastqQueue(): Promise<PeerQueue> {
  let seen = 0;
  const handler = async (body: Uint8Array): Promise<void> => {
    seen += body.byteLength > 0 ? 1 : 0;
  };
  const queue = fastq<unknown, Uint8Array>((body, done) => {
    handler(body).then(() => {
      done(null);
    }, done);
  }, concurrency);
  queue.pause();
  return {
    send: async (count) => {
      for (let sent = 0; sent < count; sent += 1) queue.push(orderBytes);
    },
    drain: () =>
      new Promise((resolve) => {
        const before = seen;
        queue.drain = () => {
          queue.pause();
          resolve(seen - before);
        };
        queue.resume();
      }),
    close: async () => undefined,
  };
}

/** The nearest in-process broker: queues, prefetch, acknowledgement. Most of its users publish to an exchange. */
async function smqpQueue(to: "queue" | "exchange"): Promise<PeerQueue> {
  const broker = new Broker();
  const queue = broker.assertQueue("orders", { autoDelete: false });
  broker.assertExchange("shop", "topic");
  broker.bindQueue("orders", "shop", "orders.#");
  const sendOne = (messageId: string): unknown =>
    to === "queue"
      ? broker.sendToQueue("orders", orderBytes, { messageId })
      : broker.publish("shop", "orders.placed", orderBytes, { messageId });
  const handler = async (content: unknown): Promise<number> => (content as Uint8Array).byteLength;
  return {
    send: async (count) => {
      for (let sent = 0; sent < count; sent += 1) sendOne(String(sent));
    },
    drain: (limitMs) =>
      new Promise((resolve) => {
        const endMs = Date.now() + limitMs;
        let handled = 0;
        queue.consume(
          (_key: string, message) => {
            void handler(message.content).then(() => {
              message.ack();
              handled += 1;
              if (queue.messageCount > 0 && (handled % 64 > 0 || Date.now() < endMs)) return;
              broker.cancel("bench");
              resolve(handled);
            });
          },
          { consumerTag: "bench", prefetch: concurrency },
        );
      }),
    close: async () => {
      broker.reset();
    },
  };
}
