import { createBroker } from "../../adapters/memory/broker/broker.js";
import type { Receiver } from "../../adapters/memory/broker/receiver.js";
import { notArmed, TimerWheel, type TimerNode } from "../../adapters/memory/broker/timer-wheel.js";
import { collectGarbage, cpuTime, interleave, ratios, spread, type Contender } from "../measure.js";
import type { Scenario } from "../scenario.js";
import { baseline } from "./baseline.js";
import { brokerQueue, drain } from "./broker-loop.js";
import { orderBytes } from "./order.js";

/** P4: what duplicate detection adds, with 100,000 ids in its window. */
export const dedup: Scenario = async ({ rounds, scale }) => {
  const messages = 50_000 * scale;
  const samples = await interleave([timedQueue("plain", messages), timedQueue("dedup", messages)], rounds);
  const added = samples.dedup.map((cost, at) => cost - samples.plain[at]!);
  return [
    {
      target: "P4",
      what: "duplicate detection adds, window of 100,000 ids",
      value: spread(added),
      unit: "µs",
      atMost: 0.7,
    },
  ];
};

/** Time passes so that the window, once full, holds 100,000 ids. */
function timedQueue<Name extends "plain" | "dedup">(name: Name, messages: number): Contender<Name> {
  const windowMs = 600_000;
  const { broker, receiver } = brokerQueue({
    requiresDuplicateDetection: name === "dedup",
    duplicateDetectionWindowMs: windowMs,
  });
  let nowMs = broker.nowMs;
  let sent = 0;
  const one = (): void => {
    broker.advanceTo((nowMs += windowMs / 100_000));
    broker.send("orders", [{ messageId: `order-${String((sent += 1))}`, body: orderBytes }]);
    const [delivery] = receiver.take(1);
    if (delivery !== undefined) receiver.complete(delivery);
  };
  for (let filled = 0; filled < 100_000; filled += 1) one();
  return {
    name,
    messages,
    run: async (count) => {
      for (let at = 0; at < count; at += 1) one();
    },
  };
}

/** P6: memory of what waits. The bodies are copies, as the adapter stores them. */
export const memory: Scenario = async () => {
  const count = 1_000_000;
  const { broker } = brokerQueue({ maxSizeBytes: 80 * 1024 ** 3 });
  const ids = Array.from({ length: count }, (_, at) => String(at));
  collectGarbage();
  const before = process.memoryUsage();
  for (const messageId of ids) broker.send("orders", [{ messageId, body: Buffer.from(orderBytes) }]);
  collectGarbage();
  const after = process.memoryUsage();
  if (broker.getQueue("orders").counts.active !== count) throw new Error("messages are missing");
  const heap = (after.heapUsed - before.heapUsed) / count;
  const outside = (after.external - before.external) / count;
  return [
    {
      target: "P6",
      what: "memory of a queued message of 210 B, of a million",
      value: spread([heap + outside]),
      unit: "B",
      atMost: 520,
    },
    { what: "of it on the JavaScript heap", value: spread([heap]), unit: "B" },
  ];
};

interface Timer extends TimerNode<Timer> {
  readonly name: string;
}

/** P7, the wheel: to arm and to cancel. */
export const wheel: Scenario = async ({ rounds }) => {
  const timers = Array.from({ length: 100_000 }, (_, at): Timer => ({
    name: String(at),
    dueMs: 0,
    timerSlot: notArmed,
    timerPrev: undefined,
    timerNext: undefined,
  }));
  const turning = new TimerWheel<Timer>();
  const costs: number[] = [];
  for (let round = -2; round < rounds; round += 1) {
    const spent = await cpuTime(() => {
      for (let times = 0; times < 10; times += 1) {
        timers.forEach((timer, at) => turning.arm(timer, 30_000 + (at % 60_000)));
        for (const timer of timers) turning.cancel(timer);
      }
    });
    if (round >= 0) costs.push((spent * 1_000) / (10 * timers.length));
  }
  return [{ target: "P7", what: "arm and cancel a timer", value: spread(costs), unit: "ns", atMost: 40 }];
};

/** P8: one message to ten subscriptions. */
export const fanOut: Scenario = async ({ rounds, scale }) => {
  const broker = createBroker({ startMs: Date.now() });
  broker.createTopic("orders");
  const receivers: Receiver[] = Array.from({ length: 10 }, (_, at) => {
    broker.createSubscription("orders", `s${String(at)}`);
    return broker.attachReceiver(`orders/Subscriptions/s${String(at)}`);
  });
  let seen = 0;
  const handler = async (body: Uint8Array): Promise<void> => {
    seen += body.byteLength;
  };
  const copies: Contender<"copies"> = {
    name: "copies",
    messages: 50_000 * scale,
    run: async (count) => {
      for (let sent = 0; sent < count; sent += 1_000) {
        broker.advanceTo(Date.now());
        for (let at = 0; at < 100; at += 1) {
          broker.send("orders", [{ messageId: String(sent + at), body: orderBytes }]);
        }
        await Promise.all(receivers.map((receiver) => drain(receiver, handler)));
      }
      return seen;
    },
  };
  const samples = await interleave([baseline(1_000_000 * scale), copies], rounds);
  return [
    {
      target: "P8",
      what: "a copy of a message to 10 subscriptions / B",
      value: spread(ratios(samples.copies, samples.B)),
      unit: "× B",
      atMost: 5,
    },
  ];
};
