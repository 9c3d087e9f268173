import { WaybillError } from "../../errors.js";
import { behavioursOf, putBackKinds, type Behaviour } from "./behaviour.js";
import { check, same, sameSet, typed } from "./check.js";
import { numbersOf } from "./reader.js";
import { lockLost, lockOf, stocked } from "./stocked.js";

const { core, transport } = behavioursOf("D");

export const locking: readonly Behaviour[] = [
  transport(
    42,
    "delivery-count-starts-at-1-and-increments",
    { kinds: putBackKinds, gates: ["deliveryCount"] },
    async (kit) => {
      const { reader } = await stocked(kit, 1);
      const counts: number[] = [];
      for (let n = 0; n < 4; n += 1) {
        const delivery = await reader.one();
        counts.push(delivery.deliveryCount);
        await reader.abandon(delivery);
      }
      same(counts, [1, 2, 3, 4], "delivery counts of a message that is abandoned again and again");
    },
  ),

  transport(
    43,
    "delivery-count-shared-across-instances",
    { kinds: putBackKinds, gates: ["deliveryCount"] },
    async (kit) => {
      const { conduit, reader } = await stocked(kit, 1);
      const elsewhere = (await kit.connect([], [conduit])).reader(conduit);
      await reader.abandon(await reader.one());
      const second = await elsewhere.one();
      same(second.deliveryCount, 2, "the count that another process sees");
      await elsewhere.abandon(second);
      same((await reader.one()).deliveryCount, 3, "the count that the first process sees then");
    },
  ),

  core(44, "delayed-retry-resets-immediate-counter", {}, async (kit) => {
    const conduit = kit.conduit();
    const runsMs: number[] = [];
    const { runtime } = kit.time;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: () => {
        runsMs.push(runtime.elapsed());
        if (runsMs.length < 6) throw new WaybillError("timeout", "slow");
      },
      options: { retry: { attempts: 10, immediate: 1, backoff: () => 3_000 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => runsMs.length === 6, "six runs");
    const gaps = runsMs
      .slice(1)
      .map((atMs, index) => (atMs - (runsMs[index] ?? 0) < 1_500 ? "at once" : "later"));
    same(gaps, ["at once", "later", "at once", "later", "at once"], "when each run followed the one before");
  }),

  transport(45, "lock-expiry-redelivers-to-other-consumer", { kinds: putBackKinds }, async (kit) => {
    const { conduit, reader } = await stocked(kit, 1);
    const held = await reader.one();
    check(lockOf(kit, held) > 0, "a delivery says until when it is locked");
    const other = (await kit.connect([], [conduit])).reader(conduit);
    const again = await other.one(lockOf(kit, held) + 5_000);
    same(again.envelope.id, held.envelope.id, "what the other gets");
    same(await other.complete(again), undefined, "settling it there");
  }),

  transport(
    46,
    "settle-after-lock-expiry-yields-lockLost, no side effect",
    { kinds: putBackKinds },
    async (kit) => {
      const { conduit, line, reader } = await stocked(kit, 4);
      const late = [await reader.one(), await reader.one(), await reader.one(), await reader.one()] as const;
      await kit.time.pass(lockOf(kit, late[3]) + 1_000);
      typed(await reader.complete(late[0]), { class: "lockLost" }, "a late completion");
      typed(await reader.abandon(late[1]), { class: "lockLost" }, "a late abandonment");
      typed(await reader.deadLetter(late[2]), { class: "lockLost" }, "a late dead-lettering");
      typed(await reader.release(late[3]), { class: "lockLost" }, "a late release");
      same(await line.deadLetters(conduit), [], "what the late dead-lettering did");
      sameSet(numbersOf(await reader.drain(4)), [1, 2, 3, 4], "what is delivered again");
    },
  ),

  transport(
    47,
    "renewal-extends-beyond-lock-duration",
    { kinds: putBackKinds, gates: ["renew"] },
    async (kit) => {
      const { conduit, line, reader } = await stocked(kit, 1);
      const held = await reader.one();
      const other = line.reader(conduit);
      const stepMs = lockOf(kit, held) * 0.6;
      for (let n = 0; n < 4; n += 1) {
        await kit.time.pass(stepMs);
        const untilMs = await reader.renew(held);
        check(
          typeof untilMs === "number" && untilMs > kit.time.runtime.now() + stepMs,
          "a renewal gives the new end",
        );
      }
      same(await other.take(10, 500), [], "what others get of a lock that is renewed");
      same(await reader.complete(held), undefined, "completing after more than two lock durations");
    },
  ),

  core(48, "renewal-covers-prefetched-undispatched", { kinds: ["queue"], gates: ["renew"] }, async (kit) => {
    const conduit = kit.conduit();
    const batches: number[][] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      batchHandler: (messages) => void batches.push(messages.map(({ data }) => data.n)),
      options: { maxBatch: 10, maxWait: "12s", concurrency: 1 },
    });
    for (let n = 0; n < 3; n += 1) await worker.send(conduit, { n });
    await kit.time.until(() => batches.length > 0, "the batch is handed over");
    await kit.time.pass(7_000);
    sameSet(batches.flat(), [0, 1, 2], "what the batch handlers got, once each");
    same(
      worker.events.filter(({ event }) => event === "lockLost"),
      [],
      "locks lost while waiting for the handler",
    );
  }),

  core(49, "lockLost-aborts-handler-signal", { kinds: putBackKinds, gates: ["renew"] }, async (kit) => {
    const conduit = kit.conduit();
    const reasons: unknown[] = [];
    const gate = kit.gate();
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: async (_message, context) => {
        if (reasons.length > 0) return;
        await gate.wait(context.signal).catch((error: unknown) => reasons.push(error));
        throw new Error("ended by its signal");
      },
      options: { maxLockRenewal: "10m" },
    });
    worker.line.fail("renew", { error: lockLost(), times: 1 });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(
      () => reasons.length === 1,
      "the signal of a handler fires when its lock is lost",
      120_000,
    );
    typed(reasons[0], { class: "lockLost" }, "what the signal says");
    const settled = worker.line.log.filter((step) => step.startsWith(`settle ${conduit.name}`));
    same(settled, [], "settlements of a delivery whose lock is lost");
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "handled"),
      "it is handled later",
      240_000,
    );
  }),

  core(
    50,
    "expired-before-dispatch-is-skipped-not-run",
    { kinds: ["queue"], gates: ["renew"] },
    async (kit) => {
      const conduit = kit.conduit();
      const handled: number[] = [];
      const worker = await kit.work({
        reads: conduit,
        sends: [conduit],
        batchHandler: (messages) => void handled.push(...messages.map(({ data }) => data.n)),
        options: { maxBatch: 10, maxWait: "6s", concurrency: 1 },
      });
      worker.line.fail("renew", { error: lockLost(), times: 1 });
      await worker.send(conduit, { n: 1 });
      await kit.time.until(
        () => worker.events.some(({ event }) => event === "left"),
        "the lost delivery is left",
        60_000,
      );
      await kit.time.until(() => handled.length > 0, "it is delivered again and handled", 60_000);
      await kit.time.pass(12_000);
      same(handled, [1], "handler runs in all: none for the delivery that was lost before its turn");
    },
  ),

  core(
    51,
    "success-with-lost-lock → completed on next delivery, handler not re-run",
    { kinds: putBackKinds },
    async (kit) => {
      const conduit = kit.conduit();
      let runs = 0;
      const worker = await kit.work({
        reads: conduit,
        sends: [conduit],
        handler: () => void (runs += 1),
        options: { idempotent: true },
        idempotency: kit.idempotency(),
      });
      worker.line.fail("settle", { error: lockLost() });
      await worker.send(conduit, { n: 1 });
      await kit.time.until(
        () => worker.events.some(({ event }) => event === "duplicate"),
        "the redelivery is recognised",
        180_000,
      );
      await kit.time.settle();
      same(runs, 1, "handler runs");
      const settles = worker.line.log.filter((step) => step.endsWith(" complete"));
      same(settles.length, 2, "completions: the lost one, and that of the redelivery");
      await kit.time.pass(6_000);
      same(worker.events.filter(({ event }) => event === "delivered").length, 2, "deliveries in all");
    },
  ),

  core(52, "lockLost-in-error-path-not-critical", { kinds: putBackKinds }, async (kit) => {
    const conduit = kit.conduit();
    const runs: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }) => {
        runs.push(data.n);
        if (data.n === 1 && runs.filter((n) => n === 1).length === 1) throw new Error("no");
      },
      options: { retry: { backoff: () => 1_000 } },
    });
    worker.line.fail("settle", { error: lockLost() });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "settleFailed"),
      "the failed settlement is told",
    );
    await worker.send(conduit, { n: 2 });
    await kit.time.until(() => runs.includes(2), "messages behind it are handled");
    same(worker.app.health().state, "ready", "health after a lost lock in the error path");
    await kit.time.until(() => runs.filter((n) => n === 1).length >= 2, "the message comes again", 120_000);
  }),

  transport(53, "in-flight-redelivery-first-ack-wins", { kinds: putBackKinds }, async (kit) => {
    const { conduit, reader } = await stocked(kit, 1);
    const slow = await reader.one();
    await kit.time.pass(lockOf(kit, slow) + 500);
    const other = (await kit.connect([], [conduit])).reader(conduit);
    const fast = await other.one();
    same(await other.complete(fast), undefined, "the first settlement");
    typed(await reader.complete(slow), { class: "lockLost" }, "the second settlement");
    await kit.time.pass(lockOf(kit, fast) + 1_000);
    same(await other.take(10, 500), [], "what is left");
  }),
];
