import { behavioursOf, fanOutKinds, putBackKinds, type Behaviour } from "./behaviour.js";
import { check, same, sameSet, typed } from "./check.js";
import { accepted } from "./kit.js";
import { numbersOf } from "./reader.js";
import { lockOf, stocked } from "./stocked.js";

const { core, transport } = behavioursOf("C");

export const settling: readonly Behaviour[] = [
  transport(27, "empty-receive-returns-within-maxWait-without-error", {}, async (kit) => {
    const { reader } = await stocked(kit, 0);
    const beforeMs = kit.time.runtime.elapsed();
    same(await reader.take(10, 1_000), [], "what an empty entity gives");
    const tookMs = kit.time.runtime.elapsed() - beforeMs;
    check(tookMs >= 900 && tookMs < 10_000, `an empty receive ends with its wait (${String(tookMs)} ms)`);
  }),

  transport(28, "receive-returns-early-when-some-available", {}, async (kit) => {
    const { reader } = await stocked(kit, 3);
    const beforeMs = kit.time.runtime.elapsed();
    check((await reader.take(10, 30_000)).length > 0, "a receive answers with what is there");
    check(kit.time.runtime.elapsed() - beforeMs < 5_000, "a receive does not wait for more than is there");
  }),

  transport(29, "receive-started-before-send-gets-it", {}, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 0);
    const waiting = reader.receiver.receive(10, new AbortController().signal);
    const pending = (async () => waiting)();
    accepted(await line.send(conduit, kit.envelope(1)));
    same(numbersOf(await kit.time.finish(pending)), [1], "what a receive got that began before the send");
  }),

  transport(30, "complete-removes", {}, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 1);
    const delivery = await reader.one();
    same(await reader.complete(delivery), undefined, "completing");
    await reader.checkpoint(delivery);
    await reader.close();
    await kit.time.pass(lockOf(kit, delivery) + 1_000);
    same(await line.reader(conduit).take(10, 1_000), [], "what is left after completing");
  }),

  transport(31, "release-redelivers", { kinds: putBackKinds }, async (kit) => {
    const { reader } = await stocked(kit, 1);
    const first = await reader.one();
    same(await reader.release(first), undefined, "releasing");
    const again = await reader.one();
    same([again.envelope.id, numbersOf([again])], [first.envelope.id, [1]], "the message that was released");
  }),

  transport(32, "double-complete-is-success-noop", {}, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 2);
    const [first, second] = [await reader.one(), await reader.one()];
    for (const delivery of [first, second]) {
      same(await reader.complete(delivery), undefined, "the first settlement");
      await reader.checkpoint(delivery);
    }
    for (const answer of [
      await reader.complete(first),
      await reader.release(second),
      await reader.deadLetter(second),
    ])
      if (answer !== undefined) typed(answer, { codes: ["lockLost", "unsupported"] }, "a second settlement");
    same(await reader.take(10, 1_000), [], "what a second settlement brought back");
    same(await line.deadLetters(conduit), [], "what a second settlement dead-lettered");
    if (kit.kind === "stream") return;
    accepted(await line.send(conduit, kit.envelope(3)));
    const released = await reader.one();
    await reader.release(released);
    typed(await reader.complete(released), { class: "lockLost" }, "completing what was released");
    same(
      numbersOf(await reader.take(10, 2_000)),
      [3],
      "the released message, which the late completion did not take",
    );
  }),

  transport(33, "settle-batch-per-op-result", { kinds: putBackKinds, gates: ["renew"] }, async (kit) => {
    const { reader } = await stocked(kit, 3);
    const [a, b, c] = [await reader.one(), await reader.one(), await reader.one()];
    await kit.time.pass(lockOf(kit, a) * 0.6);
    for (const kept of [a, c]) check(typeof (await reader.renew(kept)) === "number", "a lock is renewed");
    await kit.time.pass(lockOf(kit, b) + 500);
    const again = await reader.one();
    same(numbersOf([again]), numbersOf([b]), "what comes again when its lock has ended");
    const answers = await reader.receiver.settle(
      [a, b, c].map((delivery) => ({ delivery, action: { kind: "complete" } })),
    );
    same(
      answers.map((answer) => answer?.class),
      [undefined, "lockLost", undefined],
      "one answer per settlement",
    );
    same(await reader.settle(again, { kind: "complete" }), undefined, "settling what came again");
  }),

  transport(34, "settle-unknown-delivery-typed-error", {}, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 1);
    const own = await reader.one();
    const forged = {
      ...own,
      envelope: own.envelope,
      lane: own.lane,
      deliveryCount: 1,
      lockedUntilMs: undefined,
    };
    for (const action of ["complete", "defer"] as const) {
      const answer = await reader.settle(forged, { kind: action });
      check(answer !== undefined, "a delivery that the receiver did not make is not settled");
      typed(answer, {}, "settling a forged delivery");
    }
    const answer = await reader.renew(forged);
    check(typeof answer !== "number", "a delivery that the receiver did not make is not renewed");
    typed(answer, {}, "renewing a forged delivery");
    same(await reader.complete(own), undefined, "settling the true delivery afterwards");
    same(await line.deadLetters(conduit), [], "what the forged settlements did");
  }),

  transport(35, "no-redelivery-before-lock-expiry-without-settle", { kinds: putBackKinds }, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 1);
    const held = await reader.one();
    const other = line.reader(conduit);
    same(await other.take(10, lockOf(kit, held) - 500), [], "what others get while the lock holds");
    same((await other.one(5_000)).envelope.id, held.envelope.id, "what others get when the lock has ended");
  }),

  core(36, "handler-throw → redelivered", {}, async (kit) => {
    const conduit = kit.conduit();
    const runs: string[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ id }) => {
        runs.push(id);
        if (runs.length === 1) throw new Error("not yet");
      },
      options: { retry: { backoff: () => 1_000 } },
    });
    const { id } = await worker.send(conduit, { n: 1 });
    await kit.time.until(() => runs.length === 2, "a message whose handler threw is handled again");
    await kit.time.pass(6_000);
    same(runs, [id, id], "runs of the one message");
  }),

  core(37, "continue-after-errors", { kinds: putBackKinds }, async (kit) => {
    const conduit = kit.conduit();
    const done: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }, context) => {
        if (data.n < 10 && context.attempt === 1) throw new Error("the first ten fail at first");
        done.push(data.n);
      },
      options: { retry: { backoff: () => 10_000 }, concurrency: 2 },
    });
    for (let n = 0; n < 20; n += 1) await worker.send(conduit, { n });
    await kit.time.until(
      () => done.length >= 10,
      "messages behind the failing ones are handled meanwhile",
      5_000,
    );
    await kit.time.until(() => done.length >= 20, "the failed ones are handled later");
    sameSet(
      done,
      Array.from({ length: 20 }, (_, n) => n),
      "what was handled",
    );
  }),

  core(38, "requeue-then-succeeds", {}, async (kit) => {
    const conduit = kit.conduit();
    const attempts: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: (_message, context) => {
        attempts.push(context.attempt);
        return context.attempt < 3 ? { "~settlement": "retry", afterMs: undefined } : undefined;
      },
      options: { retry: { backoff: () => 500 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => attempts.length >= 3, "a message is handled as often as its handler asks");
    await kit.time.pass(6_000);
    same(attempts, [1, 2, 3], "attempts");
  }),

  transport(39, "release-with-delay", { kinds: putBackKinds, gates: ["delayedRelease"] }, async (kit) => {
    const { reader } = await stocked(kit, 1);
    const delivery = await reader.one();
    const { history } = delivery.envelope;
    same(
      await reader.settle(delivery, { kind: "release", history, delayMs: 10_000 }),
      undefined,
      "releasing for later",
    );
    same(await reader.take(10, 9_000), [], "what comes before the delay is over");
    same((await reader.one(10_000)).envelope.id, delivery.envelope.id, "what comes when it is over");
  }),

  core(40, "nack-has-backoff-no-hot-loop", {}, async (kit) => {
    const conduit = kit.conduit();
    let runs = 0;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: () => {
        runs += 1;
        // An adapter that redelivers without end is let go, to be reported.
        if (runs < 100) throw new Error("no");
      },
      options: { retry: { attempts: 1_000, backoff: () => 1_000 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.pass(10_500);
    check(
      runs >= 2 && runs <= 12,
      `a message that fails for 10 s is tried about once a second (${String(runs)} runs)`,
    );
  }),

  core(41, "discard/drop consumes without DLQ", { kinds: fanOutKinds }, async (kit) => {
    const conduit = kit.conduit();
    const worker = await kit.work({ reads: conduit, sends: [conduit], entry: "ignore" });
    await worker.send(conduit, { n: 1 });
    await kit.time.pass(10_000);
    const delivered = worker.events.filter(({ event }) => event === "delivered").length;
    const ignored = worker.events.filter(({ event }) => event === "ignored").length;
    // A subscription's filter may keep away what is ignored.
    check(
      delivered <= 1 && ignored === delivered,
      `what is ignored is consumed once (${String(delivered)} deliveries)`,
    );
    same(
      await kit.time.finish(worker.app.deadLetters(conduit.channel).peek()),
      [],
      "dead letters of what is ignored",
    );
  }),
];
