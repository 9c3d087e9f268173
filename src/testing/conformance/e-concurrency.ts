import { behavioursOf, putBackKinds, type Behaviour } from "./behaviour.js";
import { check, same, sameSet } from "./check.js";
import type { Kit } from "./kit.js";
import type { Conduit } from "./conduit.js";
import type { Gate } from "./time.js";
import type { Worker } from "./worker.js";

const { core } = behavioursOf("E");

/** A worker whose handlers wait at a gate, and how many do at most. */
async function gated(
  kit: Kit,
  concurrency: number,
): Promise<{ conduit: Conduit; worker: Worker; gate: Gate; most: () => number; done: number[] }> {
  const conduit = kit.conduit({ lock: "1m" });
  const gate = kit.gate();
  const done: number[] = [];
  let running = 0;
  let most = 0;
  const worker = await kit.work({
    reads: conduit,
    sends: [conduit],
    handler: async ({ data }, context) => {
      running += 1;
      most = Math.max(most, running);
      await gate.wait(context.signal).finally(() => (running -= 1));
      done.push(data.n);
    },
    options: { concurrency },
  });
  return { conduit, worker, gate, most: () => most, done };
}

async function sendNumbers(worker: Worker, conduit: Conduit, count: number): Promise<readonly number[]> {
  const numbers = Array.from({ length: count }, (_, n) => n);
  for (const n of numbers) await worker.send(conduit, { n });
  return numbers;
}

export const concurrency: readonly Behaviour[] = [
  core(54, "concurrency-n-runs-n-in-parallel", { kinds: putBackKinds }, async (kit) => {
    const { conduit, worker, gate } = await gated(kit, 4);
    await sendNumbers(worker, conduit, 6);
    await kit.time.until(() => gate.waiting === 4, "four handlers run side by side");
  }),

  core(55, "never-exceeds-n", { kinds: putBackKinds }, async (kit) => {
    const { conduit, worker, gate, most, done } = await gated(kit, 3);
    const numbers = await sendNumbers(worker, conduit, 12);
    for (let n = 0; n < 12; n += 1) {
      await kit.time.until(() => gate.waiting > 0, "a handler runs");
      gate.next();
    }
    await kit.time.until(() => done.length === 12, "all are handled");
    same(most(), 3, "handlers side by side, at most");
    sameSet(done, numbers, "what was handled");
  }),

  core(56, "raise / lower / raise+lower concurrency live", { kinds: putBackKinds }, async (kit) => {
    const { conduit, worker, gate, done } = await gated(kit, 2);
    const numbers = await sendNumbers(worker, conduit, 16);
    const runs = (count: number) =>
      kit.time.until(() => gate.waiting === count, `${String(count)} handlers run`);
    await runs(2);
    worker.app.setConcurrency(conduit.channel, 5);
    await runs(5);
    worker.app.setConcurrency(conduit.channel, 1);
    gate.open();
    await runs(1);
    worker.app.setConcurrency(conduit.channel, 4);
    worker.app.setConcurrency(conduit.channel, 2);
    await runs(2);
    while (done.length < numbers.length) {
      gate.open();
      await kit.time.pass(100);
    }
    sameSet(done, numbers, "what was handled");
  }),

  core(57, "pause-resume-keeps-assignment, no loss", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }) => void seen.push(data.n),
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => seen.length === 1, "the first message is handled");
    worker.app.pause();
    await kit.time.settle();
    const sender = await kit.sender(conduit);
    for (const n of [2, 3, 4]) await sender.send(conduit, { n });
    await kit.time.pass(3_000);
    same([seen, worker.app.health().state], [[1], "paused"], "what is handled while paused");
    worker.app.resume();
    await kit.time.until(() => seen.length === 4, "the rest is handled after the pause");
    sameSet(seen, [1, 2, 3, 4], "what was handled");
  }),

  core(58, "competing-consumers-each-message-once", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: [number[], number[]] = [[], []];
    const sender = await kit.sender(conduit);
    for (const mine of seen)
      await kit.work({
        reads: conduit,
        handler: ({ data }) => void mine.push(data.n),
        options: { concurrency: 2 },
      });
    // A partition that changes hands is read again from its checkpoint: that is behaviour 90.
    if (kit.kind === "stream") await kit.time.pass(15_000);
    const numbers = await sendNumbers(sender, conduit, 40);
    await kit.time.until(() => seen.flat().length >= 40, "everything is handled by one of the two");
    await kit.time.pass(6_000);
    sameSet(seen.flat(), numbers, "what both handled together, each once");
  }),

  core(59, "slow-consumer-does-not-starve-peers", { kinds: putBackKinds }, async (kit) => {
    const { conduit, worker, gate, done } = await gated(kit, 2);
    const fast: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void fast.push(data.n) });
    await sendNumbers(worker, conduit, 30);
    await kit.time.until(
      () => fast.length >= 28,
      "a peer handles all that the slow one has no hand free for",
      3_000,
    );
    check(gate.waiting <= 2, "the slow one holds no more than it works on");
    gate.open();
    await kit.time.until(() => fast.length + done.length === 30, "all are handled");
  }),

  core(60, "prefetch-bounded-by-lock-and-limit", { kinds: putBackKinds }, async (kit) => {
    const { conduit, worker, gate, done } = await gated(kit, 3);
    await sendNumbers(worker, conduit, 20);
    await kit.time.until(() => gate.waiting === 3, "three handlers run");
    await kit.time.pass(2_000);
    same(worker.app.health().consumers[0]?.inFlight, 3, "deliveries that are accepted and not settled");
    gate.open();
    while (done.length < 20) {
      gate.open();
      await kit.time.pass(100);
    }
    const counts = worker.events.flatMap((event) =>
      event.event === "delivered" ? [event.deliveryCount] : [],
    );
    same(new Set(counts), new Set([1]), "delivery counts: nothing lay here until its lock ended");
  }),

  core(61, "back-pressure-stop-does-not-burn-delivery-count", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: { n: number; attempt: number; deliveryCount: number }[] = [];
    const reading = {
      reads: conduit,
      handler: (
        { data, broker }: { data: { n: number }; broker: { deliveryCount: number } },
        { attempt }: { attempt: number },
      ) => void seen.push({ n: data.n, attempt, deliveryCount: broker.deliveryCount }),
    };
    const gate = kit.gate();
    const sender = await kit.sender(conduit);
    const first = await kit.work({
      ...reading,
      handler: async (_message, context) => {
        await gate.wait(context.signal);
      },
      options: { concurrency: 1 },
    });
    await sendNumbers(sender, conduit, 8);
    await kit.time.until(() => gate.waiting > 0, "a handler runs");
    first.app.pause();
    await kit.time.pass(2_000);
    await first.stop("5s");
    await kit.work(reading);
    await kit.time.until(() => seen.length >= 8, "the next process handles all", 120_000);
    const uncounted =
      kit.kind === "stream" || kit.capabilities.receivers[kit.kind]?.uncountedRelease === true;
    const spent = seen.filter(({ attempt }) => attempt > 1);
    check(
      spent.length <= (uncounted ? 0 : 1),
      "at most what a handler had has spent an attempt, and only if declared",
    );
    if (!uncounted) return;
    same(new Set(seen.map(({ deliveryCount }) => deliveryCount)), new Set([1]), "delivery counts");
  }),
];
