import { WaybillError } from "../../errors.js";
import type { Transport } from "../../transport/transport.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, same } from "./check.js";
import { accepted } from "./kit.js";
import { numbersOf } from "./reader.js";
import { readsLike, type Work } from "./worker.js";

const { core } = behavioursOf("L");

export const recovering: readonly Behaviour[] = [
  core(123, "onError-called-once-per-failure with pristine message", {}, async (kit) => {
    const conduit = kit.conduit();
    const told: unknown[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }, context) => {
        if (context.attempt < 3) throw new Error(`no ${String(context.attempt)}`);
        same(data.n, 1, "the data of the last run");
      },
      around: async (run, next) => {
        try {
          await next();
        } catch (error) {
          told.push([(error as Error).message, run.attempt, run.messages[0]?.data]);
          throw error;
        }
      },
      options: { retry: { backoff: () => 500 } },
    });
    await worker.send(conduit, { n: 1, key: "k" });
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "handled"),
      "it succeeds in the end",
    );
    const data = { n: 1, key: "k" };
    same(
      told,
      [
        ["no 1", 1, data],
        ["no 2", 2, data],
      ],
      "what the hook was told, once per failure",
    );
    const failed = worker.events.flatMap((event) => (event.event === "handlerFailed" ? [event.attempt] : []));
    same(failed, [1, 2], "failures that were told as events");
  }),

  core(124, "context-items-flow-from-handler-to-error-decision", {}, async (kit) => {
    const conduit = kit.conduit();
    const runsMs: number[] = [];
    const { runtime } = kit.time;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: () => {
        runsMs.push(runtime.elapsed());
        if (runsMs.length === 1) throw new WaybillError("busy", "come back later", { retryAfterMs: 5_000 });
        if (runsMs.length === 2) return { "~settlement": "retry", afterMs: 4_000 };
        return undefined;
      },
      options: { retry: { backoff: () => 100 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => runsMs.length === 3, "three runs");
    const gaps = runsMs.slice(1).map((atMs, index) => atMs - (runsMs[index] ?? 0));
    check((gaps[0] ?? 0) >= 5_000, "the wait that an error asks for reaches the decision");
    check((gaps[1] ?? 0) >= 4_000, "the wait that a handler asks for reaches the decision");
  }),

  core(125, "sends-from-error-decision-are-dispatched", { gates: ["deadLetter"] }, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([out], [out]);
    const settlement = {
      queue: "deadLetter",
      topic: "deadLetter",
      stream: "park",
      notifications: "reject",
    } as const;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit, out],
      handler: async ({ data }, context) => {
        await context.send(out.thing, data, { headers: { run: kit.run } });
        return { "~settlement": settlement[kit.kind], description: "for people" };
      },
    });
    await worker.send(conduit, { n: 1 });
    same(
      numbersOf([await line.reader(out).one(10_000)]),
      [1],
      "what a handler sent that dead-lettered its message",
    );
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "deadLettered"),
      "it is dead-lettered",
    );
  }),

  core(126, "error-decision-throws → message retried, critical raised, pump survives", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: string[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }, context) => {
        seen.push(`${String(data.n)}/${String(context.attempt)}`);
        if (data.n === 1 && context.attempt === 1) throw new Error("no");
      },
      options: {
        retry: {
          backoff: () => {
            throw new Error("the policy itself is broken");
          },
        },
      },
    });
    await worker.send(conduit, { n: 1, key: "one" });
    await kit.time.pass(1_000);
    await worker.send(conduit, { n: 2, key: "two" });
    await kit.time.until(() => seen.includes("2/1"), "other messages are handled", 120_000);
    await kit.time.until(() => seen.includes("1/2"), "the message is tried again", 120_000);
    const told = worker.events.filter(({ event }) => event === "warning" || event === "handlerFailed");
    check(
      told.some((event) => event.event === "warning" && event.text.includes("backoff")),
      "the broken policy is told",
    );
  }),

  core(127, "immediate-retry-requested", {}, async (kit) => {
    const conduit = kit.conduit();
    const runsMs: number[] = [];
    const { runtime } = kit.time;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: () => {
        runsMs.push(runtime.elapsed());
        if (runsMs.length < 3) throw new WaybillError("timeout", "slow");
      },
      options: { retry: { immediate: 2, backoff: () => 60_000 } },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => runsMs.length === 3, "the retries follow at once", 10_000);
    check((runsMs[2] ?? 0) - (runsMs[0] ?? 0) < 5_000, "no delay lies between them");
    same(
      worker.events.filter(({ event }) => event === "delivered").length,
      1,
      "deliveries: all runs have one",
    );
  }),

  core(128, "impossible-action-degrades-to-dead-letter", { gates: ["deadLetter"] }, async (kit) => {
    const conduit = kit.conduit();
    let runs = 0;
    const inner = kit.world.transport();
    const { receivers } = inner.capabilities;
    const features = present(receivers[kit.kind], "features of its receivers");
    const cannotDefer: Transport = {
      ...inner,
      capabilities: {
        ...inner.capabilities,
        receivers: { ...receivers, [kit.kind]: { ...features, defer: false } },
      },
    };
    const worker = await kit.work(
      {
        reads: conduit,
        sends: [conduit],
        handler: () => {
          runs += 1;
          return { "~settlement": "defer" };
        },
      },
      cannotDefer,
    );
    await worker.send(conduit, { n: 1 });
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "deadLettered"),
      "what cannot be deferred is dead-lettered",
    );
    const [letter] = await kit.time.finish(worker.app.deadLetters(conduit.channel).peek());
    same([letter?.reason, runs], ["Manual", 1], "its reason, and handler runs");
    check(/defer/.test(letter?.description ?? ""), "the record says what could not be done");
  }),

  core(129, "shutdown-cancellation-is-not-a-failure (count unchanged, no DLQ)", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const work: Work = {
      reads: conduit,
      handler: (_message, context) => gate.wait(context.signal),
      options: { retry: { attempts: 1 } },
    };
    const first = await kit.work(work);
    const line = await kit.connect([conduit], [readsLike(work, conduit)]);
    accepted(await line.send(conduit, kit.envelope(1)));
    await kit.time.until(() => gate.waiting === 1, "a handler runs");
    same(await first.stop("5s"), { unfinished: 0 }, "how the service ended");
    const bad = first.events.filter(({ event }) => event === "handlerFailed" || event === "deadLettered");
    same(bad, [], "failures and dead letters of a stop");
    const attempts: number[] = [];
    await kit.work({ reads: conduit, handler: (_message, context) => void attempts.push(context.attempt) });
    await kit.time.until(() => attempts.length === 1, "the message is handled by the next process", 90_000);
    const uncounted =
      kit.kind === "stream" || kit.capabilities.receivers[kit.kind]?.uncountedRelease === true;
    if (uncounted) same(attempts, [1], "attempts");
    same(await line.deadLetters(conduit, "worker"), [], "dead letters of a stop");
  }),
];
