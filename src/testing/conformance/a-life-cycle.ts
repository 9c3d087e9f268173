import type { Transport } from "../../transport/transport.js";
import { behavioursOf, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, typed } from "./check.js";
import type { Conduit } from "./conduit.js";
import { accepted, type Kit } from "./kit.js";
import { numbersOf } from "./reader.js";
import { Unreliable } from "./unreliable.js";

const { core, transport } = behavioursOf("A");

/** A channel that nobody declared, so that it does not exist. */
const missing = (kit: Kit): Conduit => kit.conduit();

export const lifeCycle: readonly Behaviour[] = [
  transport(1, "open-is-idempotent", {}, async (kit) => {
    const conduit = kit.conduit();
    const shared = kit.world.transport();
    const first = await kit.connect([conduit], [conduit], shared);
    const connections = kit.world.connections?.();
    accepted(await first.send(conduit, kit.envelope(1)));
    const second = await kit.connect([conduit], [conduit], shared);
    same(kit.world.connections?.(), connections, "physical connections after the second open");
    accepted(await second.send(conduit, kit.envelope(2)));
    await first.close();
    const got = await second.reader(conduit).drain(2);
    same(numbersOf(got).toSorted(), [1, 2], "what both sent, read over the one that is left");
  }),

  core(2, "open-unreachable-fails-with-classified-error", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = new Unreliable();
    line.outage();
    const startedMs = kit.time.runtime.elapsed();
    await refused(
      () => kit.work({ reads: conduit }, line.wrap(kit.world.transport())),
      { class: "transient" },
      "a start without a broker",
    );
    check(kit.time.runtime.elapsed() - startedMs < 60_000, "an unreachable broker is told within a minute");
    same(line.receivers, 0, "receivers that were opened");
  }),

  transport(3, "missing-destination-opens-lazily-fails-on-send(notFound)", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const [result] = await line.send(missing(kit), kit.envelope(1));
    check(result?.ok === false, "a send to a missing entity is refused");
    typed(result.error, { codes: ["notFound"] }, "a send to a missing entity");
  }),

  transport(4, "missing-source-fails-on-receive(notFound)", {}, async (kit) => {
    const line = await kit.connect([], []);
    for (const ordered of kit.kind === "queue" && "queues:sessions" in kit.capabilities.needs
      ? [false, true]
      : [false]) {
      const conduit = kit.conduit({ ordered });
      await refused(
        async () => line.reader(conduit).take(1, 500),
        { codes: ["notFound"] },
        `reading a missing entity ${ordered ? "with sessions" : ""}`,
      );
    }
  }),

  transport(5, "topology-assume|validate|create", {}, async (kit) => {
    const declared = kit.conduit({ lock: "5s", ttl: "2h", partitions: 2 });
    const line = await kit.connect([declared], [declared]);
    accepted(await line.send(declared, kit.envelope(1)));
    same(numbersOf(await line.reader(declared).drain(1)), [1], "what was sent to a declared entity");
    const [assumed] = await line.send(missing(kit), kit.envelope(2));
    check(
      assumed?.ok === false && assumed.error.code === "notFound",
      "an entity that is only assumed is not made",
    );
    if (kit.kind === "notifications" || kit.plainEntities) return;
    const { name, kind } = declared;
    // Those who send see the time to live of a topic, and nothing of its subscriptions.
    const other = { ...kit.conduit({ lock: "10s", ttl: "1h", partitions: 3 }), name, kind };
    await refused(
      () => kit.connect([other], []),
      { class: "config" },
      "a contract that contradicts the entity",
    );
  }),

  core(6, "send-only-adapter-has-no-receivers", {}, async (kit) => {
    const conduit = kit.conduit();
    const asked: unknown[] = [];
    const inner = kit.world.transport();
    const spying: Transport = {
      ...inner,
      connect: (context) => {
        asked.push(context.sources);
        return inner.connect(context);
      },
    };
    const worker = await kit.work({ name: "sender", sends: [conduit] }, spying);
    await worker.send(conduit, { n: 1 });
    same([asked, worker.line.receivers], [[[]], 0], "sources and receivers of a service that only sends");
  }),

  transport(7, "send-after-close-rejects(closed)", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    const sender = line.connection.sender({ channel: conduit.spec, address: conduit.name });
    await line.close();
    const [result] = await sender.send([{ envelope: kit.envelope(1) }]);
    check(result?.ok === false, "a send after the close is refused");
    typed(result.error, { codes: ["closed"] }, "a send after the close");
    await refused(
      () => line.send(conduit, kit.envelope(2)),
      { codes: ["closed"] },
      "a sender of a closed connection",
    );
    const again = await kit.connect([], [conduit]);
    same(await again.reader(conduit).take(10, 500), [], "what the refused sends left behind");
  }),

  transport(8, "receive-after-close-rejects(closed)", {}, async (kit) => {
    const conduit = kit.conduit();
    const line = await kit.connect([conduit], [conduit]);
    accepted(await line.send(conduit, ...kit.envelopes(2)));
    const reader = line.reader(conduit);
    const delivery = await reader.one();
    await reader.close();
    same(await reader.take(10, 500), [], "what a closed receiver hands out");
    const answer = await reader.complete(delivery);
    if (answer !== undefined) typed(answer, {}, "settling after the close");
    await line.close();
    await refused(
      async () => line.reader(conduit).take(1, 500),
      { codes: ["closed"] },
      "a receiver of a closed connection",
    );
  }),

  core(9, "stop-then-start-again-receives", {}, async (kit) => {
    const conduit = kit.conduit();
    const seen: number[] = [];
    const work = {
      reads: conduit,
      handler: ({ data }: { readonly data: { readonly n: number } }) => void seen.push(data.n),
    };
    const sender = await kit.sender(conduit);
    const first = await kit.work(work);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(() => seen.length === 1, "the first run handles");
    await first.stop();
    await sender.send(conduit, { n: 2 });
    await kit.work(work);
    await kit.time.until(() => seen.includes(2), "the second run handles what came between");
    same(seen, [1, 2], "what both runs handled");
  }),

  core(10, "close-is-idempotent-and-concurrent-safe", {}, async (kit) => {
    const conduit = kit.conduit();
    const worker = await kit.work({ reads: conduit });
    const [one, two] = await kit.time.finish(Promise.all([worker.app.stop(), worker.app.stop()]));
    check(one === two, "both stops are one");
    await worker.stop();
    const line = await kit.connect([conduit], [conduit]);
    const reader = line.reader(conduit);
    await kit.time.finish(
      Promise.all([reader.take(1, 60_000), reader.close(), reader.close(), line.close(), line.close()]),
    );
    await line.close();
  }),

  core(11, "listeners-report-accepting-after-start", {}, async (kit) => {
    const conduit = kit.conduit();
    const worker = await kit.work({ reads: conduit });
    await kit.time.settle();
    const { state, consumers } = worker.app.health();
    same(
      [state, consumers.length, worker.events[0]?.event],
      ["ready", 1, "started"],
      "health after the start",
    );
    worker.line.outage();
    await kit.time.until(() => worker.app.health().state === "degraded", "a broken connection is told");
    worker.line.restore();
    const sender = await kit.sender(conduit);
    await sender.send(conduit, { n: 1 });
    await kit.time.until(
      () => worker.app.health().state === "ready",
      "a connection that works again is told",
      120_000,
    );
    await worker.stop();
    same(worker.app.health().state, "stopped", "health after the stop");
  }),

  transport(
    12,
    "least-privilege-listen-or-send-only-credential-works",
    { gates: ["credentials"] },
    async (kit) => {
      const conduit = kit.conduit();
      const credentials = present(kit.world.credentials, "the harness gives restricted credentials");
      await kit.connect([conduit], [conduit]);
      const sending = await kit.connect([conduit], [], credentials.sendOnly());
      accepted(await sending.send(conduit, kit.envelope(1)));
      const listening = await kit.connect([], [conduit], credentials.listenOnly());
      same(numbersOf(await listening.reader(conduit).drain(1)), [1], "what a listen-only identity reads");
      const [result] = await listening.send(conduit, kit.envelope(2));
      check(result?.ok === false, "a listen-only identity may not send");
      typed(result.error, { class: "auth" }, "a send of a listen-only identity");
    },
  ),
];
