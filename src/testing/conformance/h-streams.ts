import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, sameSet } from "./check.js";
import { accepted } from "./kit.js";
import { numbersOf } from "./reader.js";

const { core, transport } = behavioursOf("H");
const streams = { kinds: ["stream"] } as const;

export const streaming: readonly Behaviour[] = [
  transport(83, "new-group-from-earliest|latest|timestamp", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const groups = ["earliest", "latest", "timed"];
    const line = await kit.connect(
      [conduit],
      groups.map((as) => ({ conduit, as })),
    );
    accepted(await line.send(conduit, kit.envelope(1), kit.envelope(2)));
    await kit.time.pass(2_000);
    const afterMs = kit.time.runtime.now() - 1_000;
    accepted(await line.send(conduit, kit.envelope(3)));
    const earliest = line.reader(conduit, "earliest", { startFrom: "earliest" });
    const latest = line.reader(conduit, "latest", { startFrom: "latest" });
    const timed = line.reader(conduit, "timed", { startFrom: { afterMs } });
    same(await latest.take(10, 500), [], "what lay there before a group that begins at the latest");
    accepted(await line.send(conduit, kit.envelope(4)));
    same(numbersOf(await earliest.drain(4)), [1, 2, 3, 4], "a group that begins at the earliest");
    same(numbersOf(await timed.drain(2)), [3, 4], "a group that begins at a time");
    same(numbersOf(await latest.drain(1)), [4], "a group that begins at the latest");
  }),

  core(84, "restart-resumes-after-checkpoint", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const seen: number[] = [];
    const work = {
      reads: conduit,
      handler: ({ data }: { data: { n: number } }) => void seen.push(data.n),
      options: { checkpoint: { events: 1 } },
    };
    const sender = await kit.sender(conduit);
    const first = await kit.work(work);
    for (const n of [1, 2, 3]) await sender.send(conduit, { n });
    await kit.time.until(() => seen.length === 3, "three events are handled");
    await kit.time.settle();
    await first.stop();
    for (const n of [4, 5]) await sender.send(conduit, { n });
    await kit.work(work);
    await kit.time.until(() => seen.length >= 5, "the next run goes on");
    await kit.time.settle();
    same(seen, [1, 2, 3, 4, 5], "what both runs handled");
  }),

  core(85, "checkpoint-never-passes-unsettled", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const gate = kit.gate();
    const seen: number[] = [];
    const options = { checkpoint: { events: 1 } };
    const first = await kit.work({
      reads: conduit,
      handler: async ({ data }, context) => {
        if (data.n === 3) await gate.wait(context.signal);
        seen.push(data.n);
      },
      options,
    });
    const sender = await kit.sender(conduit);
    for (let n = 1; n <= 6; n += 1) await sender.send(conduit, { n, key: "one" });
    await kit.time.until(() => gate.waiting === 1, "the third event is being handled");
    await kit.time.settle();
    first.process.crash();
    gate.open();
    await kit.time.settle();
    const again: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void again.push(data.n), options });
    await kit.time.until(() => again.includes(6), "the next process reads on", 90_000);
    same(again.slice(-4), [3, 4, 5, 6], "what was not settled before the crash");
    check(again.length <= 6 && !again.includes(1), "what had been stored is not read again");
  }),

  core(86, "out-of-order-completion-checkpoints-low-watermark", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const retry = { "~settlement": "retry", afterMs: undefined };
    let batches = 0;
    const options = {
      maxBatch: 3,
      maxWait: "1s",
      checkpoint: { events: 1 },
      retry: { backoff: () => 20_000 },
    };
    const first = await kit.work({
      reads: conduit,
      // The first of the batch is to run again; those behind it are done.
      batchHandler: (messages) => {
        batches += 1;
        return messages.map(({ data }) => (data.n === 1 ? retry : undefined));
      },
      options,
    });
    const sender = await kit.sender(conduit);
    for (const n of [1, 2, 3]) await sender.send(conduit, { n, key: "one" });
    await kit.time.until(() => batches === 1, "the batch is handled");
    await kit.time.pass(2_000);
    const stored = first.line.log.filter((step) => step.startsWith("checkpoint"));
    same(stored, [], "checkpoints while the first event is not done");
    first.process.crash();
    const again: number[] = [];
    await kit.work({
      reads: conduit,
      batchHandler: (messages) => void again.push(...messages.map(({ data }) => data.n)),
      options,
    });
    await kit.time.until(() => again.length >= 3, "the next process begins where nothing is missing", 90_000);
    same(again, [1, 2, 3], "what the next process reads");
  }),

  core(
    87,
    "handler-failure-policy halt | skip+DLQ | retry-in-place",
    { kinds: ["stream"], gates: ["deadLetter"] },
    async (kit) => {
      const [retried, parked, halted] = [
        kit.conduit({ partitions: 1 }),
        kit.conduit({ partitions: 1 }),
        kit.conduit({ partitions: 1 }),
      ];
      const seen = new Map<string, number[]>();
      const note = (where: string, n: number): void => void seen.set(where, [...(seen.get(where) ?? []), n]);
      const [a, b, c] = [
        await kit.work({
          name: "retried",
          reads: retried,
          handler: ({ data }, context) => {
            note("retried", data.n);
            if (data.n === 1 && context.attempt < 3) throw new Error("not yet");
          },
          options: { retry: { backoff: () => 1_000 } },
        }),
        await kit.work({
          name: "parked",
          reads: parked,
          handler: ({ data }) => {
            note("parked", data.n);
            return data.n === 1 ? { "~settlement": "park", description: "unusable" } : undefined;
          },
        }),
        await kit.work({
          name: "halted",
          reads: halted,
          handler: ({ data }) => {
            note("halted", data.n);
            throw new Error("it never works");
          },
          options: { retry: { attempts: 1_000, backoff: () => 60_000 } },
        }),
      ];
      const sender = await kit.sender(retried, parked, halted);
      for (const conduit of [retried, parked, halted])
        for (const n of [1, 2]) await sender.send(conduit, { n, key: "one" });
      await kit.time.pass(10_000);
      same(
        Object.fromEntries(seen),
        { retried: [1, 1, 1, 2], parked: [1, 2], halted: [1] },
        "what each policy makes of a failing event and the one behind it",
      );
      const letters = await kit.time.finish(b.app.deadLetters(parked.channel).peek());
      same(
        letters.map(({ reason, data }) => ({ reason, data })),
        [{ reason: "Manual", data: { n: 1, key: "one" } }],
        "what is parked",
      );
      for (const worker of [a, c])
        check(worker.app.health().state === "ready", "a failing event makes no service sick");
    },
  ),

  transport(88, "release/seek-back-redelivers-same-offset", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const line = await kit.connect([conduit], [conduit]);
    accepted(await line.send(conduit, ...kit.envelopes(3, () => ({ key: "one" }))));
    const first = line.reader(conduit);
    const before = await first.take(3);
    await first.close();
    const after = await line.reader(conduit).take(3, 10_000);
    const places = (all: typeof before) =>
      all.map(({ broker }) => [broker.partition, broker.offset, broker.sequenceNumber]);
    same(places(after), places(before), "the places that are read again without a checkpoint");
    check(
      before.every(({ broker }) => broker.offset !== undefined),
      "an event says its offset",
    );
  }),

  transport(
    89,
    "partition-revoked: in-flight drained or aborted; no checkpoint after revoke",
    streams,
    async (kit) => {
      const conduit = kit.conduit({ partitions: 2 });
      const line = await kit.connect([conduit], [conduit]);
      accepted(await line.send(conduit, ...kit.envelopes(20)));
      const old = line.reader(conduit);
      const held = [...(await old.take(32)), ...(await old.take(32, 500))];
      same(new Set(held.map(({ lane }) => lane)).size, 2, "partitions that the only reader has");
      const elsewhere = (await kit.connect([], [conduit])).reader(conduit);
      await kit.time.until(() => old.lost.length > 0, "the old owner is told what it lost", 90_000);
      const [lost] = old.lost;
      const { delivery, error } = present(lost, "a lost delivery");
      same(error.class, "lockLost", "what the old owner is told");
      await refused(
        () => old.checkpoint(delivery),
        { class: "lockLost" },
        "a checkpoint of a partition that is lost",
      );
      check((await old.complete(delivery)) !== undefined, "nothing is settled in a partition that is lost");
      const lane = delivery.lane;
      const again = await elsewhere.drain(held.filter((each) => each.lane === lane).length, 10_000);
      sameSet(
        numbersOf(again),
        numbersOf(held.filter((each) => each.lane === lane)),
        "what the new owner reads: everything without a checkpoint",
      );
    },
  ),

  core(90, "rebalance-no-loss, duplicates bounded", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 4 });
    const seen: number[] = [];
    const work = {
      reads: conduit,
      handler: async (
        { data }: { data: { n: number } },
        context: { sleep(duration: "50ms"): Promise<void> },
      ) => {
        await context.sleep("50ms");
        seen.push(data.n);
      },
      options: { checkpoint: { events: 1 } },
    };
    const sender = await kit.sender(conduit);
    const send = async (from: number, to: number): Promise<void> => {
      for (let n = from; n < to; n += 1) await sender.send(conduit, { n });
    };
    const first = await kit.work(work);
    await send(0, 40);
    await kit.time.pass(200);
    await kit.work(work);
    await kit.time.pass(200);
    await send(40, 80);
    await kit.time.pass(200);
    await first.stop();
    await send(80, 120);
    await kit.time.until(() => new Set(seen).size >= 120, "nothing is lost while partitions move", 120_000);
    const duplicates = seen.length - 120;
    check(
      duplicates <= 2 * 4 * 32,
      `what was in flight may come twice, nothing more (${String(duplicates)} duplicates)`,
    );
  }),

  core(91, "checkpoint-on-graceful-stop", streams, async (kit) => {
    const conduit = kit.conduit({ partitions: 1 });
    const seen: number[] = [];
    const work = {
      reads: conduit,
      handler: ({ data }: { data: { n: number } }) => void seen.push(data.n),
      options: { checkpoint: { events: 1_000, interval: "1h" } },
    };
    const sender = await kit.sender(conduit);
    const first = await kit.work(work);
    for (const n of [1, 2, 3]) await sender.send(conduit, { n });
    await kit.time.until(() => seen.length === 3, "three events are handled");
    await first.stop();
    await kit.work(work);
    await sender.send(conduit, { n: 4 });
    await kit.time.until(() => seen.includes(4), "the next run goes on");
    same(seen, [1, 2, 3, 4], "what both runs handled");
  }),
];
