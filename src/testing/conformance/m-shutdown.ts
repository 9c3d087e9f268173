import type { Runtime } from "../../runtime/runtime.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, same, sameSet } from "./check.js";
import { sourceOf } from "./conduit.js";
import type { Kit } from "./kit.js";
import { numbersOf } from "./reader.js";
import { start } from "../../start.js";
import { readsLike, serviceOf, type Work } from "./worker.js";

const { core } = behavioursOf("M");

/** What waits for its batch to fill has no handler yet: a stop gives it back. */
async function prefetchedAreReleased(kit: Kit): Promise<void> {
  const conduit = kit.conduit({ lock: "5m" });
  const batching = await kit.work({
    name: "batching",
    reads: conduit,
    sends: [conduit],
    batchHandler: () => undefined,
    options: { maxBatch: 100, maxWait: "60s" },
  });
  for (const n of [1, 2, 3]) await batching.send(conduit, { n });
  await kit.time.until(
    () => batching.app.health().consumers[0]?.inFlight === 3,
    "three wait for their batch",
  );
  await batching.stop();
  const line = await kit.connect([], [conduit]);
  sameSet(numbersOf(await line.reader(conduit).drain(3, 5_000)), [1, 2, 3], "what a stop gave back at once");
}

export const shuttingDown: readonly Behaviour[] = [
  core(130, "stop-waits-in-flight-then-settles", {}, async (kit) => {
    const conduit = kit.conduit();
    let ended = 0;
    let started = 0;
    const work = {
      reads: conduit,
      handler: async (_message: unknown, context: { sleep(duration: "3s"): Promise<void> }) => {
        started += 1;
        await context.sleep("3s");
        ended += 1;
      },
    };
    const worker = await kit.work({ ...work, sends: [conduit] });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => started === 1, "a handler runs");
    same(await worker.stop(), { unfinished: 0 }, "how the service ended");
    same(ended, 1, "handlers that ended before the stop");
    check(
      worker.line.log.some((step) => step.endsWith(" complete")),
      "the message is settled before the close",
    );
    await kit.work(work);
    await kit.time.pass(8_000);
    same(started, 1, "handler runs after the restart");
  }),

  core(131, "stop-deadline-aborts-and-releases", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    let reason: unknown;
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: (_message, context) =>
        gate.wait(context.signal).catch((error: unknown) => {
          reason = error;
          throw error;
        }),
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => gate.waiting === 1, "a handler runs");
    const startedMs = kit.time.runtime.elapsed();
    await worker.stop("3s");
    check(kit.time.runtime.elapsed() - startedMs <= 4_000, "a stop ends by its deadline");
    check((reason as { class?: string } | undefined)?.class === "cancelled", "the handler was told to end");
    const seen: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    await kit.time.until(() => seen.length === 1, "the message is handled by the next process", 90_000);
  }),

  core(132, "no-new-deliveries-after-stop", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const seen: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: async ({ data }, context) => {
        await gate.wait(context.signal);
        seen.push(data.n);
      },
      options: { concurrency: 2 },
    });
    const numbers = Array.from({ length: 30 }, (_, n) => n);
    for (const n of numbers) await worker.send(conduit, { n });
    await kit.time.until(() => gate.waiting >= 1, "handlers run");
    const stopping = worker.app.stop({ deadline: "30s" });
    await kit.time.pass(100);
    gate.open();
    await kit.time.finish(stopping);
    check(seen.length <= 2, `nothing new is started after the stop began (${String(seen.length)} handled)`);
    const rest: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void rest.push(data.n) });
    await kit.time.until(
      () => rest.length + seen.length >= 30,
      "the rest is handled by the next process",
      90_000,
    );
    sameSet([...seen, ...rest], numbers, "what both handled, each once");
    if (kit.kind === "queue") await prefetchedAreReleased(kit);
  }),

  core(133, "send-from-handler-during-drain-succeeds", {}, async (kit) => {
    const [conduit, out] = [kit.conduit(), kit.conduit()];
    const line = await kit.connect([out], [out]);
    const gate = kit.gate();
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit, out],
      handler: async ({ data }, context) => {
        await gate.wait(context.signal);
        await context.send(out.thing, data, { headers: { run: kit.run } });
      },
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => gate.waiting === 1, "a handler runs");
    const stopping = worker.app.stop({ deadline: "30s" });
    await kit.time.pass(100);
    gate.open();
    same(await kit.time.finish(stopping), { unfinished: 0 }, "how the service ended");
    same(
      numbersOf([await line.reader(out).one()]),
      [1],
      "what a handler sent while the service was stopping",
    );
  }),

  core(134, "processed-during-drain-not-redelivered", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const seen: number[] = [];
    const work = {
      reads: conduit,
      handler: async ({ data }: { data: { n: number } }, context: { signal: AbortSignal }) => {
        await gate.wait(context.signal);
        seen.push(data.n);
      },
      options: { concurrency: 4 },
    };
    const worker = await kit.work({ ...work, sends: [conduit] });
    for (const n of [1, 2, 3]) await worker.send(conduit, { n });
    await kit.time.until(() => gate.waiting >= 1, "handlers run");
    await kit.time.settle();
    const waiting = gate.waiting;
    const stopping = worker.app.stop({ deadline: "30s" });
    await kit.time.pass(100);
    gate.open();
    await kit.time.finish(stopping);
    same(seen.length, waiting, "handlers that ended during the stop");
    const again: number[] = [];
    await kit.work({ ...work, handler: async ({ data }) => void again.push(data.n) });
    await kit.time.pass(8_000);
    sameSet([...seen, ...again], [1, 2, 3], "what both processes handled, each once");
  }),

  core(135, "publisher-close-flushes-pending", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const sender = await kit.sender(conduit);
    const numbers = Array.from({ length: 20 }, (_, n) => n);
    const pending = numbers.map((n) =>
      sender.app.send(conduit.thing, { n }, { headers: { run: kit.run } }).then(
        () => n,
        () => undefined,
      ),
    );
    const stopping = sender.app.stop();
    const outcomes = await kit.time.finish(Promise.all(pending));
    await kit.time.finish(stopping);
    const flushed = outcomes.filter((n) => n !== undefined);
    same(flushed.length, numbers.length, "sends before the stop that were accepted");
    sameSet(numbersOf(await line.reader(conduit).drain(20, 1_000)), flushed, "what the broker has of them");
  }),

  core(136, "process exits (no open handles/timers)", {}, async (kit) => {
    const conduit = kit.conduit();
    const { runtime } = kit.time;
    const open = new Set<object>();
    const counting: Runtime = {
      ...runtime,
      after: (delayMs, run) => {
        const timer = runtime.after(delayMs, () => {
          open.delete(timer);
          run();
        });
        open.add(timer);
        return {
          cancel: () => {
            open.delete(timer);
            timer.cancel();
          },
        };
      },
    };
    const transport = kit.world.transport();
    let handled = 0;
    const work: Work = { reads: conduit, sends: [conduit], handler: () => void (handled += 1) };
    const spec = serviceOf(work);
    const { as, filter } = readsLike(work, conduit);
    await kit.world.prepare?.({
      destinations: [{ channel: conduit.spec, address: conduit.name }],
      sources: [sourceOf(conduit, as ?? "", filter)],
    });
    const app = await kit.time.finish(start(spec["~service"], { transport }, counting));
    await kit.time.finish(app.send(conduit.thing, { n: 1 }));
    await kit.time.until(() => handled === 1, "the message is handled");
    await kit.time.finish(app.stop());
    await kit.time.settle();
    same(
      [open.size, runtime.activity.running],
      [0, 0],
      "timers and pieces of work that a stopped service left",
    );
  }),
];
