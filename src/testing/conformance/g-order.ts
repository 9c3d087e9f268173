import { WaybillError } from "../../errors.js";
import { behavioursOf, brokeredKinds, orderedKinds, type Behaviour } from "./behaviour.js";
import { check, present, refused, same, sameSet, typed } from "./check.js";
import type { Conduit } from "./conduit.js";
import { accepted, type Kit } from "./kit.js";
import { numbersOf, thingOf } from "./reader.js";
import { lockOf } from "./stocked.js";
import { readsLike, type Work } from "./worker.js";

const { core, transport } = behavioursOf("G");

const ordered = { kinds: orderedKinds, gates: ["ordered"] } as const;
const sessions = { kinds: brokeredKinds, gates: ["ordered"] } as const;

/** Sends `count` things of each key, in turns. */
async function sendKeys(kit: Kit, conduit: Conduit, keys: readonly string[], count: number): Promise<void> {
  const sender = await kit.sender(conduit);
  for (let n = 0; n < count; n += 1) for (const key of keys) await sender.send(conduit, { n, key });
}

export const ordering: readonly Behaviour[] = [
  core(72, "fifo-single-consumer", ordered, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const seen: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const sender = await kit.sender(conduit);
    const things = Array.from({ length: 100 }, (_, n) => ({ n, key: "one" }));
    await kit.time.finish(sender.app.sendMany(conduit.thing, things, () => ({ headers: { run: kit.run } })));
    await kit.time.until(() => seen.length >= 100, "everything is handled");
    same(
      seen,
      things.map(({ n }) => n),
      "the order of one key",
    );
  }),

  core(73, "fifo-per-key, parallel across keys", ordered, async (kit) => {
    const conduit = kit.conduit({ ordered: true, partitions: 4 });
    const seen = new Map<string, number[]>();
    const gate = kit.gate();
    const running = new Set<string>();
    let most = 0;
    await kit.work({
      reads: conduit,
      handler: async ({ data: { n, key = "" } }, context) => {
        running.add(key);
        most = Math.max(most, running.size);
        await gate.wait(context.signal);
        running.delete(key);
        seen.set(key, [...(seen.get(key) ?? []), n]);
      },
    });
    const keys = ["a", "b", "c", "d", "e", "f", "g", "h"];
    await sendKeys(kit, conduit, keys, 5);
    for (let n = 0; n < 200 && [...seen.values()].flat().length < 40; n += 1) {
      await kit.time.pass(100);
      gate.open();
    }
    for (const key of keys) same(seen.get(key), [0, 1, 2, 3, 4], `the order of key ${key}`);
    check(most > 1, "different keys are handled side by side");
  }),

  core(74, "session-handler-k+1-not-started-until-k-settled", ordered, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const worker = await kit.work({ reads: conduit, handler: () => undefined });
    const sender = await kit.sender(conduit);
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.push((await sender.send(conduit, { n, key: "one" })).id);
    const steps: string[] = [];
    await kit.time.until(() => worker.line.log.length >= 5, "all are settled");
    for (const event of worker.events) if (event.event === "handled") steps.push(event.id);
    same(steps, ids, "the order in which they ended");
    const gate = kit.gate();
    const second = kit.conduit({ ordered: true });
    let started = 0;
    const held = await kit.work({
      name: "held",
      reads: second,
      handler: async (_message, context) => {
        started += 1;
        await gate.wait(context.signal);
      },
    });
    const to = await kit.sender(second);
    for (let n = 0; n < 3; n += 1) await to.send(second, { n, key: "one" });
    for (let n = 1; n <= 3; n += 1) {
      await kit.time.until(() => gate.waiting === 1, "the next handler of the key runs");
      await kit.time.pass(500);
      same(
        [started, held.line.log.filter((step) => step.startsWith("settle")).length],
        [n, n - 1],
        "started and settled",
      );
      gate.open();
    }
  }),

  core(75, "ordered-retry-blocks-only-its-key", ordered, async (kit) => {
    const conduit = kit.conduit({ ordered: true, partitions: 8 });
    const seen: string[] = [];
    await kit.work({
      reads: conduit,
      handler: ({ data: { n, key = "" } }, context) => {
        if (key === "bad" && n === 0 && context.attempt < 3) throw new Error("not yet");
        seen.push(`${key}${String(n)}`);
      },
      options: { retry: { backoff: () => 4_000 } },
    });
    // On a stream the partition is what waits, so the other key must lie in another one.
    const keys = ["bad", "good", "other", "fourth"];
    await sendKeys(kit, conduit, keys, 3);
    await kit.time.until(() => seen.length >= 3, "other keys go on meanwhile", 3_000);
    check(!seen.some((each) => each.startsWith("bad")), "the key of a failing message waits");
    await kit.time.until(() => seen.length >= 12, "everything is handled in the end");
    for (const key of keys)
      same(
        seen.filter((each) => each.startsWith(key)),
        [`${key}0`, `${key}1`, `${key}2`],
        `the order of ${key}`,
      );
  }),

  transport(76, "session-lock-lost-releases-session, consumer survives", sessions, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const line = await kit.connect([conduit], [conduit]);
    accepted(await line.send(conduit, kit.envelope(1, { key: "a" }), kit.envelope(2, { key: "a" })));
    const reader = line.reader(conduit);
    const held = await reader.one();
    const other = (await kit.connect([], [conduit])).reader(conduit);
    same(await other.take(1, 1_000), [], "what others get of a held session");
    const again = await other.one(lockOf(kit, held) + 5_000);
    same(thingOf(again).n, 1, "the session begins anew at its head");
    typed(await reader.complete(held), { class: "lockLost" }, "settling in a lost session");
    await other.complete(again);
    same(numbersOf([await other.one()]), [2], "the next message of the session");
    accepted(await line.send(conduit, kit.envelope(3, { key: "b" })));
    same(numbersOf([await reader.one()]), [3], "what the first receiver still gets");
  }),

  transport(
    77,
    "session-state-get/set",
    { kinds: brokeredKinds, gates: ["ordered", "sessionState"] },
    async (kit) => {
      const conduit = kit.conduit({ ordered: true });
      const line = await kit.connect([conduit], [conduit]);
      accepted(await line.send(conduit, kit.envelope(1, { key: "a" }), kit.envelope(2, { key: "a" })));
      const reader = line.reader(conduit);
      const first = await reader.one();
      const { receiver } = reader;
      same(await receiver.sessionState?.(first), undefined, "the state of a new session");
      await receiver.setSessionState?.(first, Buffer.from("half way"));
      await reader.complete(first);
      await reader.close();
      const next = (await kit.connect([], [conduit])).reader(conduit);
      const second = await next.one();
      const state = present(await next.receiver.sessionState?.(second), "state is kept with the session");
      same(Buffer.from(state).toString(), "half way", "the state that the next holder finds");
      await next.receiver.setSessionState?.(second, undefined);
      same(await next.receiver.sessionState?.(second), undefined, "the state after it was cleared");
    },
  ),

  transport(78, "idle-session-timeout-moves-on", sessions, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const line = await kit.connect([conduit], [conduit]);
    const reader = line.reader(conduit, "reader", { lanes: 1 });
    accepted(await line.send(conduit, kit.envelope(1, { key: "a" })));
    await reader.complete(await reader.one());
    accepted(await line.send(conduit, kit.envelope(2, { key: "b" })));
    same(
      numbersOf([await reader.one(65_000)]),
      [2],
      "what a receiver of one session gets when its session is drained",
    );
  }),

  core(79, "n-sessions-requested = n accept loops", sessions, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const gate = kit.gate();
    const work: Work = {
      reads: conduit,
      handler: (_message, context) => gate.wait(context.signal),
      options: { concurrency: 3 },
    };
    const worker = await kit.work(work);
    await sendKeys(kit, conduit, ["a", "b", "c", "d", "e", "f"], 2);
    await kit.time.until(() => gate.waiting === 3, "three sessions are held");
    await kit.time.pass(2_000);
    same(
      [gate.waiting, worker.line.receivers, worker.line.mostReceives],
      [3, 1, 1],
      "sessions, receivers, receives at a time",
    );
    const line = await kit.connect([], [readsLike(work, conduit)]);
    const rest = await line.reader(conduit, "worker").drain(6, 1_000);
    sameSet(
      rest.map(({ lane }) => lane),
      ["d", "d", "e", "e", "f", "f"],
      "sessions that are left to others",
    );
  }),

  core(80, "send-without-required-session-key-typed-error", sessions, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const line = await kit.connect([conduit], [conduit]);
    const { key: _none, ...keyless } = kit.envelope(1);
    const [result] = await line.send(conduit, keyless);
    // A topic cannot know what its subscriptions need: there the message becomes a dead letter, never silence.
    if (result?.ok === false) typed(result.error, { class: "permanent" }, "a message without a key");
    else
      same((await line.deadLetters(conduit)).length, 1, "dead letters of a message that no session can have");
    check(
      result?.ok === false || kit.kind === "topic",
      "a queue refuses a message without the key that it needs",
    );
    const sender = await kit.sender(conduit);
    await refused(
      () => sender.send(conduit, { n: 2, key: "" }),
      { codes: ["keyRequired", "invalidMessage"] },
      "an empty key",
    );
    same(await line.reader(conduit).take(10, 500), [], "what the refused sends left behind");
  }),

  transport(81, "same-key-same-partition", { kinds: ["stream"] }, async (kit) => {
    const conduit = kit.conduit({ partitions: 4 });
    const lines = [await kit.connect([conduit], [conduit]), await kit.connect([conduit], [conduit])];
    const keys = Array.from({ length: 16 }, (_, n) => `key-${String(n)}`);
    for (const line of lines)
      accepted(await line.send(conduit, ...keys.map((key, n) => kit.envelope(n, { key }))));
    const got = await present(lines[0], "a connection").reader(conduit).drain(32);
    same(got.length, 32, "events that came");
    const partitions = new Map<string, Set<string | undefined>>();
    for (const { envelope, lane } of got) {
      const known = partitions.get(envelope.key ?? "") ?? new Set();
      partitions.set(envelope.key ?? "", known.add(lane));
    }
    check(
      [...partitions.values()].every((lanes) => lanes.size === 1),
      "all events of one key lie in one partition",
    );
    check(
      new Set([...partitions.values()].flatMap((lanes) => [...lanes])).size > 1,
      "keys spread over partitions",
    );
  }),

  core(82, "order-preserved-across-batch-split-and-send-retry", ordered, async (kit) => {
    const conduit = kit.conduit({ ordered: true });
    const seen: number[] = [];
    await kit.work({ reads: conduit, handler: ({ data }) => void seen.push(data.n) });
    const sender = await kit.sender(conduit);
    const send = (from: number, count: number, bytes: number) =>
      kit.time.finish(
        sender.app.sendMany(
          conduit.thing,
          Array.from({ length: count }, (_, at) => ({ n: from + at, key: "one", text: "x".repeat(bytes) })),
          () => ({ headers: { run: kit.run } }),
        ),
      );
    const split = await send(0, 40, 20_000);
    check(
      split.every(({ ok }) => ok),
      "a batch that must be split is accepted",
    );
    // Refused as a whole and for certain: its members go out one by one.
    const error = new WaybillError("invalidMessage", "one of them is bad");
    sender.line.fail("send", { error, asBatch: true });
    const resent = await send(40, 10, 10);
    check(
      resent.every(({ ok }) => ok),
      "members of a refused batch are accepted one by one",
    );
    await kit.time.until(() => seen.length >= 50, "everything is handled");
    same(
      seen,
      Array.from({ length: 50 }, (_, n) => n),
      "the order of one key",
    );
  }),
];
