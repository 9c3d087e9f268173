import { Bus } from "@node-ts/bus-core";
import { Command } from "@node-ts/bus-messages";
import { concurrency } from "./broker-loop.js";
import { order, type Order } from "./order.js";
import type { PeerQueue } from "./peers.js";

/** A service bus library with a queue in memory. */
export async function nodeTsQueue(): Promise<PeerQueue> {
  let seen = 0;
  let wanted = Infinity;
  let endMs = Infinity;
  let finished: (() => void) | undefined;
  const bus = Bus.configure()
    .withLogger(() => silent)
    .withConcurrency(concurrency)
    .withHandler({
      messageType: PlaceOrder,
      messageHandler: async () => {
        seen += 1;
        if (seen >= wanted || Date.now() >= endMs) finished?.();
      },
    })
    .build();
  await bus.initialize();
  let sent = 0;
  return {
    send: async (count) => {
      for (let at = 0; at < count; at += 1) await bus.send(new PlaceOrder(order(sent + at)));
      sent += count;
    },
    drain: async (limitMs) => {
      const before = seen;
      wanted = sent;
      // Looked at by the handler: it goes from message to message without a turn of the event loop, so no timer fires.
      endMs = Date.now() + limitMs;
      const all = new Promise<void>((resolve) => (finished = resolve));
      await bus.start();
      await all;
      await bus.stop();
      return seen - before;
    },
    close: () => bus.dispose(),
  };
}

class PlaceOrder extends Command {
  readonly $name = "bench/place-order";
  readonly $version = 1;
  readonly order: Order;
  constructor(data: Order) {
    super();
    this.order = data;
  }
}

const silent = {
  debug: () => undefined,
  trace: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
};
