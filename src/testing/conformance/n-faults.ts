import { WaybillError } from "../../errors.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, sameSet, typed } from "./check.js";
import { usedHeapBytes } from "../../runtime/used-heap.js";
import { accepted, type Kit } from "./kit.js";
import { numbersOf } from "./reader.js";
import { stocked } from "./stocked.js";
import type { Worker } from "./worker.js";

const { core, transport } = behavioursOf("N");

/** Cuts the way to the broker: for real where the harness can, at the transport's door otherwise. */
async function outage(kit: Kit, ...workers: readonly Worker[]): Promise<void> {
  if (kit.world.faults !== undefined) await kit.world.faults.outage();
  else for (const { line } of workers) line.outage();
}

async function restore(kit: Kit, ...workers: readonly Worker[]): Promise<void> {
  if (kit.world.faults !== undefined) await kit.world.faults.restore();
  else for (const { line } of workers) line.restore();
}

/** A batch of a stream has one key, so a key of its own for each message would make as many requests. */
const keyOf = (kit: Kit, n: number): { readonly key?: string } =>
  kit.kind === "stream" ? { key: `k${String(n % 16)}` } : {};

export const faults: readonly Behaviour[] = [
  core(137, "reconnect-after-broker-restart, no loss, sends resume", { stopsBroker: true }, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    const worker = await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => seen.length === 1, "the first message is handled");
    await outage(kit, worker, sender);
    await refused(() => sender.send(conduit, { n: 2 }), {}, "a send while the broker is away");
    await kit.time.pass(10_000);
    await restore(kit, worker, sender);
    await sender.send(conduit, { n: 3 });
    await kit.time.until(() => seen.includes(3), "what is sent after the outage is handled", 120_000);
    same(worker.app.health().state, "ready", "health after the outage");
    check(seen.filter((n) => n === 1).length === 1, "what was settled before does not come again");
  }),

  core(138, "link-detached-mid-receive → resumed", {}, async (kit) => {
    const conduit = kit.conduit();
    const gate = kit.gate();
    const seen: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: async ({ data }, context) => {
        if (data.n === 2 && !seen.includes(2)) {
          seen.push(2);
          await gate.wait(context.signal);
          return;
        }
        seen.push(data.n);
      },
    });
    await worker.send(conduit, { n: 1, key: "a" });
    await kit.time.until(() => seen.length === 1, "the first message is handled");
    await kit.time.settle();
    worker.line.detach();
    await worker.send(conduit, { n: 2, key: "a" });
    await kit.time.until(() => gate.waiting === 1, "a receive that waited when its link broke goes on");
    worker.line.detach();
    gate.open();
    await kit.time.until(
      () => worker.events.some(({ event }) => event === "settleFailed" || event === "handled"),
      "it is settled, or told",
    );
    const failed = worker.events.flatMap((event) => (event.event === "settleFailed" ? [event.error] : []));
    for (const error of failed) typed(error, {}, "settling after the reconnect");
    await worker.send(conduit, { n: 3, key: "b" });
    await kit.time.until(() => seen.includes(3), "the consumer lives on", 120_000);
    const handled = () => worker.events.filter(({ event }) => event === "handled").length;
    await kit.time.until(() => handled() >= 3, "what could not be settled comes again", 120_000);
  }),

  core(139, "throttled → backoff honoured, error class throttled", {}, async (kit) => {
    const conduit = kit.conduit();
    const runs: { readonly atMs: number; readonly attempt: number }[] = [];
    const { runtime } = kit.time;
    const busy = () => new WaybillError("busy", "the broker is busy", { retryAfterMs: 4_000 });
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: (_message, context) => {
        runs.push({ atMs: runtime.elapsed(), attempt: context.attempt });
        if (runs.length < 4) throw busy();
      },
      // A service that counts what is put back spends an attempt on each, so it is given more of them.
      options: { retry: { attempts: kit.kind === "notifications" ? 10 : 2, backoff: () => 100 } },
    });
    worker.line.fail("send", { error: busy() });
    const error = await refused(
      () => worker.send(conduit, { n: 1 }),
      { class: "throttled" },
      "a send to a busy broker",
    );
    same(error.retryAfterMs, 4_000, "how long the broker asks to wait");
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => runs.length === 4, "a throttled message is tried again", 120_000);
    const gaps = runs.slice(1).map(({ atMs }, index) => atMs - (runs[index]?.atMs ?? 0));
    check(
      gaps.every((gapMs) => gapMs >= 4_000),
      "every run waits as long as was asked",
    );
    if (kit.kind !== "notifications")
      same(new Set(runs.map(({ attempt }) => attempt)), new Set([1]), "attempts: throttling spends none");
  }),

  core(140, "auth-expired mid-run renewed", { gates: ["credentials"] }, async (kit) => {
    const conduit = kit.conduit();
    const credentials = present(kit.world.credentials, "the harness gives credentials that expire");
    const seen: number[] = [];
    const worker = await kit.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }) => void seen.push(data.n),
    });
    await worker.send(conduit, { n: 1 });
    await kit.time.until(() => seen.length === 1, "the first message is handled");
    await credentials.expire();
    await worker.send(conduit, { n: 2 });
    await kit.time.until(() => seen.includes(2), "sends and receives go on with a new token", 120_000);
  }),

  core(141, "crash-after-handler-before-ack → exactly one redelivery, inbox suppresses", {}, async (kit) => {
    const conduit = kit.conduit();
    const idempotency = kit.idempotency();
    let runs = 0;
    const work = {
      reads: conduit,
      handler: () => void (runs += 1),
      options: { idempotent: true },
      idempotency,
    };
    const first = await kit.work(work);
    first.process.crashAt({ port: "settle", when: "before" });
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => !first.process.alive, "the process dies before it settles");
    same(runs, 1, "handler runs before the crash");
    const second = await kit.work(work);
    const ended = (event: string) => second.events.filter((each) => each.event === event).length;
    await kit.time.until(() => ended("duplicate") === 1, "the redelivery is recognised", 180_000);
    await kit.time.pass(10_000);
    same([runs, ended("delivered")], [1, 1], "handler runs, and redeliveries");
  }),

  core(142, "stress: 20 publishers × 20 subscribers × restart loop, set-equality", {}, async (kit) => {
    const conduit = kit.conduit({ partitions: 4 });
    const seen = new Set<number>();
    const work = {
      reads: conduit,
      handler: ({ data }: { data: { n: number } }) => void seen.add(data.n),
      options: { concurrency: 4 },
    };
    const publishers = await Promise.all(Array.from({ length: 20 }, () => kit.sender(conduit)));
    let subscribers = await Promise.all(Array.from({ length: 20 }, () => kit.work(work)));
    let n = 0;
    for (let round = 0; round < 4; round += 1) {
      for (const publisher of publishers) {
        await publisher.send(conduit, { n: (n += 1) });
        await publisher.send(conduit, { n: (n += 1) });
      }
      const [stopped, crashed, ...rest] = subscribers;
      await stopped?.stop("5s");
      crashed?.process.crash();
      subscribers = [...rest, await kit.work(work), await kit.work(work)];
      await kit.time.pass(500);
    }
    await kit.time.until(() => seen.size >= n, "nothing is lost among starts, stops and crashes", 240_000);
    sameSet(
      [...seen],
      Array.from({ length: n }, (_, at) => at + 1),
      "what was handled",
    );
  }),

  transport(143, "no memory growth over 100 k messages", { once: true }, async (kit) => {
    const { conduit, line, reader } = await stocked(kit, 0);
    const size = Math.min(500, kit.many);
    const round = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += size) {
        const results = await line.send(
          conduit,
          ...Array.from({ length: size }, (_, at) => kit.envelope(sent + at, keyOf(kit, sent + at))),
        );
        accepted(results);
        same((await reader.drain(size)).length, size, "messages of a round");
        if (sent % 5_000 === 0) await kit.world.dropRetained?.();
      }
    };
    await round(kit.many * 2);
    const before = usedHeapBytes();
    await round(kit.many * 18);
    // What a stream retains by contract is no leak; a broker elsewhere retains it elsewhere.
    if (kit.kind === "stream" && kit.time.virtual) await kit.time.pass(26 * 3_600_000);
    await kit.world.dropRetained?.();
    await reader.take(1, 100);
    const grown = usedHeapBytes() - before;
    check(
      grown < 16 * 1024 * 1024,
      `the heap does not grow with the messages that went through (${String(grown)} bytes)`,
    );
    same(numbersOf(await reader.take(10, 500)), [], "what is left");
  }),
];
