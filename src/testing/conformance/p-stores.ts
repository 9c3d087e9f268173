import { WaybillError } from "../../errors.js";
import { check, present, refused, same, sameSet } from "./check.js";
import { completionThatFails, extensionThatIsLost, sameMessageAtOnce } from "./p-store-races.js";
import type { StoreKind } from "./store-harness.js";
import { idsOf, leaseMs, messagesOf, retentionMs, type StoreKit } from "./store-kit.js";

/** One behaviour of stores, as data. */
export interface StoreBehaviour {
  readonly number: number;
  readonly name: string;
  readonly needs: StoreKind;
  /** The races of the idempotency specification that it runs. */
  readonly races: readonly number[];
  readonly body: (kit: StoreKit) => Promise<void>;
}

const store = (
  number: number,
  name: string,
  needs: StoreKind,
  races: readonly number[],
  body: StoreBehaviour["body"],
): StoreBehaviour => ({ number, name, needs, races, body });

export const storeBehaviours: readonly StoreBehaviour[] = [
  store(148, "insert-same-id-conflicts", "idempotency", [1, 8, 9, 15], async (kit) => {
    const [one, two] = [kit.idempotency(), kit.idempotency()];
    const results = await Promise.all([kit.claim(one, "one"), kit.claim(two, "two")]);
    sameSet(
      results.map(({ kind }) => kind),
      ["acquired", "busy"],
      "two claims at the same instant",
    );
    const other = await kit.claim(two, "three", { fingerprint: "other" });
    same(other.kind, "conflict", "the same key with another payload, while it is claimed");
    const owner = results[0].kind === "acquired" ? "one" : "two";
    const { token } = results.find((result) => result.kind === "acquired") ?? { token: 0 };
    await one.complete({ scope: "orders", key: kit.key("a"), token, owner }, retentionMs);
    same(
      (await kit.claim(two, "four")).kind,
      "completed",
      "the same key with the same payload, when it is done",
    );
    same(
      (await kit.claim(two, "five", { fingerprint: "other" })).kind,
      "conflict",
      "another payload, when it is done",
    );
    await sameMessageAtOnce(kit);
  }),

  store(149, "not-stored-when-tx-rolled-back", "inbox", [], async (kit) => {
    const inbox = kit.inbox();
    const failed = kit.handle(inbox, "a", messagesOf("k", "m1"), {}, () => {
      throw new Error("the handler failed");
    });
    same(
      await failed.catch((error: unknown) => (error as Error).message),
      "the handler failed",
      "what the caller hears",
    );
    same(await inbox.read(kit.key("a")), undefined, "the effect of a transaction that was rolled back");
    same(
      (await kit.handle(inbox, "a", messagesOf("k", "m2"))).kind,
      "committed",
      "the next run of the same message",
    );
    same(await inbox.read(kit.key("a")), "done", "its effect");
    if (kit.world.outbox === undefined) return;
    const leases = await kit.outbox().lease({ max: 10, leaseMs, owner: "relay" });
    same(idsOf(leases), ["m2"], "what waits to be sent: nothing of what was rolled back");
  }),

  store(150, "stored-when-committed", "idempotency", [4, 7], async (kit) => {
    const first = kit.idempotency();
    same(await first.complete(await kit.own(first, "one"), retentionMs), "ok", "completing a claim");
    const again = await kit.claim(kit.idempotency(), "two");
    check(again.kind === "completed", `a crash after the completion repeats nothing (${again.kind})`);
    if (kit.world.inbox !== undefined) {
      const inbox = kit.inbox();
      same((await kit.handle(inbox, "b", messagesOf("k", "m1"))).kind, "committed", "the first run");
      same(await inbox.read(kit.key("b")), "done", "its effect");
      const second = await kit.handle(kit.inbox(), "b", messagesOf("k", "never"));
      check(second.kind === "duplicate", "the second run runs nothing");
      same(
        second.unsent.map(({ id }) => id),
        ["m1"],
        "the messages that nobody has confirmed",
      );
    }
    await completionThatFails(kit, "before");
    await completionThatFails(kit, "after");
  }),

  store(151, "dispatched-clears-ops", "inbox", [14], async (kit) => {
    const inbox = kit.inbox();
    await kit.handle(inbox, "a", messagesOf("k", "m1", "m2"));
    await inbox.inbox.confirmSent({ scope: "orders", key: kit.key("a") });
    await inbox.inbox.confirmSent({ scope: "orders", key: kit.key("a") });
    const again = await kit.handle(inbox, "a", []);
    same(again, { kind: "duplicate", unsent: [] }, "a run after the messages were confirmed");
    if (kit.world.outbox !== undefined)
      same(await kit.outbox().lease({ max: 10, leaseMs, owner: "relay" }), [], "what is left to send");
    if (kit.world.idempotency === undefined) return;
    const claims = kit.idempotency();
    const mine = await kit.own(claims, "one");
    same(await claims.complete(mine, retentionMs), "ok", "completing");
    same(await claims.complete(mine, retentionMs), "ok", "completing again, the answer having been lost");
  }),

  store(152, "duplicate-after-dispatched-re-dispatches-nothing", "idempotency", [16, 17], async (kit) => {
    const services = kit.services();
    const conduit = services.conduit();
    const runs: number[] = [];
    const worker = await services.work({
      reads: conduit,
      sends: [conduit],
      handler: ({ data }, context) => {
        runs.push(context.attempt);
        if (data.n === 1 && runs.length === 1) throw new Error("once");
      },
      options: { idempotent: { retention: "1h" }, retry: { backoff: () => 500 } },
      idempotency: kit.idempotency(),
    });
    // The settlement of the original is lost, so that it lives on beside its retry copy.
    worker.line.fail("settle", { error: new WaybillError("lockLost", "lost") });
    const { id } = await worker.send(conduit, { n: 1 });
    const ended = (event: string) => worker.events.filter((each) => each.event === event).length;
    await kit.time.until(
      () => ended("handled") === 1 && ended("duplicate") === 1,
      "copy and original both end",
      120_000,
    );
    same(runs.length, 2, "handler runs: the failed one and one success");
    await worker.send(conduit, { n: 1 }, { id });
    await kit.time.until(() => ended("duplicate") === 2, "a redriven message that was done is recognised");
    same(runs.length, 2, "handler runs after the redrive");
    if (kit.world.inbox === undefined) return;
    const inbox = kit.inbox();
    await kit.handle(inbox, "z", messagesOf("k", "m1"));
    await inbox.inbox.confirmSent({ scope: "orders", key: kit.key("z") });
    same(await kit.handle(inbox, "z", []), { kind: "duplicate", unsent: [] }, "what a duplicate sends again");
  }),

  store(153, "per-consumer-key-independence", "idempotency", [], async (kit) => {
    const claims = kit.idempotency();
    const pairs = [
      ["orders", "a"],
      ["billing", "a"],
      ["orders|", "a"],
      ["orders", "|a"],
    ] as const;
    for (const [scope, key] of pairs) await kit.own(claims, `${scope} ${key}`, { scope, key });
    const long = "k".repeat(2_000);
    await kit.own(claims, "long 1", { key: `${long}1` });
    await kit.own(claims, "long 2", { key: `${long}2` });
    if (kit.world.inbox === undefined) return;
    const inbox = kit.inbox();
    for (const scope of ["orders", "billing"])
      same(
        (await kit.handle(inbox, "same", [], { scope })).kind,
        "committed",
        `the message in scope ${scope}`,
      );
  }),

  store(
    154,
    "lease-expiry-lets-another-owner-claim; stale token rejected",
    "idempotency",
    [5, 6, 11, 12, 13],
    async (kit) => {
      const { runtime } = kit.time;
      const [slow, fast] = [kit.idempotency(), kit.idempotency()];
      const ahead = kit.idempotency({ now: () => runtime.now() + 300_000 });
      const behind = kit.idempotency({ now: () => runtime.now() - 300_000 });
      const old = await kit.own(slow, "slow");
      same(
        (await kit.claim(ahead, "ahead")).kind,
        "busy",
        "a live lease, seen by a process whose clock is ahead",
      );
      await kit.time.pass(leaseMs + 500);
      const mine = await kit.own(fast, "fast");
      check(mine.token > old.token, "a later claim has a greater token");
      same((await kit.claim(behind, "behind")).kind, "busy", "the new owner's lease");
      for (const change of [
        () => slow.extend(old, leaseMs),
        () => slow.complete(old, retentionMs),
        () => slow.release(old),
      ])
        same(await change(), "stale", "what the owner hears that was too slow");
      same(
        await slow.complete({ ...mine, owner: "slow" }, retentionMs),
        "stale",
        "the right token of another owner",
      );
      same((await kit.claim(slow, "third")).kind, "busy", "the new owner's claim, untouched by the old one");
      same(await fast.extend(mine, leaseMs), "ok", "extending one's own claim");
      await kit.time.pass(leaseMs - 500);
      same((await kit.claim(slow, "fourth")).kind, "busy", "a lease that was extended");
      same(await fast.complete(mine, retentionMs), "ok", "completing one's own claim");
      same(await slow.release(old), "stale", "a late release of what is done");
      same((await kit.claim(slow, "fifth")).kind, "completed", "the record after all of it");
      await extensionThatIsLost(kit);
    },
  ),

  store(155, "failure-releases-claim-not-duplicate", "idempotency", [6], async (kit) => {
    const claims = kit.idempotency();
    const first = await kit.own(claims, "one");
    same(await claims.release(first), "ok", "releasing");
    const second = await kit.claim(kit.idempotency(), "two");
    check(second.kind === "acquired", "what failed may be claimed again at once");
    check(second.token > first.token, "the token of a released claim is not used again");
    same([second.attempt, second.recovered], [2, false], "the attempt, and whether an owner died");
    same(await claims.complete(first, retentionMs), "stale", "completing what was released");
  }),

  store(156, "order-within-outbox-preserved-per-key", "outbox", [], async (kit) => {
    const [inbox, outbox] = [kit.inbox(), kit.outbox()];
    await kit.handle(inbox, "a", messagesOf("k1", "a1", "a2"));
    await kit.handle(inbox, "b", messagesOf("k2", "b1"));
    await kit.handle(inbox, "c", messagesOf("k1", "a3"));
    const sent: string[] = [];
    for (let round = 0; round < 10; round += 1) {
      const leases = await outbox.lease({ max: 10, leaseMs, owner: "relay" });
      const keys = leases.map(({ key }) => key);
      same(keys.length, new Set(keys).size, "messages of one key that are leased at a time, at most one");
      for (const lease of leases) {
        sent.push(lease.message.id);
        same(await outbox.markSent(lease, "relay"), "ok", "marking as sent");
      }
    }
    same(
      sent.filter((id) => id.startsWith("a")),
      ["a1", "a2", "a3"],
      "the order of one key",
    );
    sameSet(sent, ["a1", "a2", "a3", "b1"], "everything that was sent, once each");
  }),

  store(157, "two-relays-never-send-same-row-concurrently", "outbox", [], async (kit) => {
    await kit.handle(
      kit.inbox(),
      "a",
      messagesOf(undefined, ...Array.from({ length: 20 }, (_, n) => `m${String(n)}`)),
    );
    const [one, two] = [kit.outbox(), kit.outbox()];
    const leases = await Promise.all([
      one.lease({ max: 15, leaseMs, owner: "one" }),
      two.lease({ max: 15, leaseMs, owner: "two" }),
    ]);
    const ids = leases.flatMap(idsOf);
    same([ids.length, new Set(ids).size], [20, 20], "rows that both relays hold, each with one of them");
    const theirs = present(leases[0][0], "a row of the first relay");
    same(await two.markSent(theirs, "two"), "stale", "marking another relay's row");
  }),

  store(158, "retention-purge-never-removes-undelivered", "idempotency", [10, 18], async (kit) => {
    const claims = kit.idempotency();
    await refused(
      () => kit.claim(claims, "bad", { leaseMs: 5_000, retentionMs: 1_000 }),
      {},
      "a retention below the lease",
    );
    const held = await kit.own(claims, "long", { retentionMs: leaseMs });
    for (let n = 0; n < 4; n += 1) {
      await kit.time.pass(leaseMs * 0.7);
      same(
        await claims.extend(held, leaseMs),
        "ok",
        "extending beyond the retention that the claim asked for",
      );
    }
    same((await kit.claim(claims, "other")).kind, "busy", "a claim that is held on and on");
    for (let n = 0; n < 2_000; n += 1) await kit.own(claims, "many", { key: kit.key(`many-${String(n)}`) });
    same(
      (await kit.claim(claims, "other")).kind,
      "busy",
      "a claim after many others: nothing makes room for them",
    );
    same(await claims.complete(held, retentionMs), "ok", "completing it");
    if (kit.world.inbox === undefined) return;
    const inbox = kit.inbox();
    await kit.handle(inbox, "b", messagesOf("k", "m1"), { retentionMs: 1_000 });
    await kit.time.pass(5_000);
    await kit.handle(inbox, "c", []);
    const again = await kit.handle(inbox, "b", []);
    check(
      again.kind === "duplicate" && again.unsent.length === 1,
      "an unsent message outlives the retention of its record",
    );
  }),

  store(159, "orphan-recovery-after-node-death", "idempotency", [2, 3], async (kit) => {
    const dead = await kit.own(kit.idempotency(), "dead");
    await kit.time.pass(leaseMs + 500);
    const next = await kit.claim(kit.idempotency(), "next");
    check(next.kind === "acquired", "the claim of a process that died is free when its lease has ended");
    same(
      [next.recovered, next.attempt, next.token > dead.token],
      [true, 2, true],
      "recovered, attempt, greater token",
    );
    if (kit.world.outbox === undefined) return;
    await kit.handle(kit.inbox(), "o", messagesOf("k", "m1"));
    const [orphan] = await kit.outbox().lease({ max: 1, leaseMs, owner: "dead" });
    await kit.time.pass(leaseMs + 500);
    const [taken] = await kit.outbox().lease({ max: 1, leaseMs, owner: "next" });
    same(taken?.message.id, "m1", "the row of a relay that died");
    same(
      await kit.outbox().markSent(present(orphan, "a lease"), "dead"),
      "stale",
      "what the dead relay hears if it comes back",
    );
    same(await kit.outbox().markSent(present(taken, "a lease"), "next"), "ok", "marking by the new relay");
  }),

  store(160, "bulk-insert-reports-only-actual-duplicates", "idempotency", [], async (kit) => {
    const claims = kit.idempotency();
    for (const n of [3, 7, 11])
      await claims.complete(await kit.own(claims, "before", { key: kit.key(String(n)) }), retentionMs);
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, n) =>
        kit.claim(claims, `bulk ${String(n)}`, { key: kit.key(String(n)) }),
      ),
    );
    const duplicates = results.flatMap(({ kind }, n) => (kind === "completed" ? [n] : []));
    same(duplicates, [3, 7, 11], "what is reported as done before");
    same(results.filter(({ kind }) => kind === "acquired").length, 17, "what may be handled");
  }),

  store(161, "query-scheduled-cancel-reschedule", "schedule", [], async () => {
    throw new WaybillError("unsupported", "there is no interface of a schedule store to try yet");
  }),

  store(162, "lock-obtain-release-second-fails", "idempotency", [1], async (kit) => {
    const [one, two] = [kit.idempotency(), kit.idempotency()];
    const held = await kit.own(one, "one");
    const second = await kit.claim(two, "two");
    check(second.kind === "busy", "a second owner does not get a lock that is held");
    check(second.retryAfterMs > 0 && second.retryAfterMs <= leaseMs, "it hears how long to wait");
    same(await one.release(held), "ok", "releasing");
    await kit.own(two, "two");
    same(await one.release(held), "stale", "releasing what another one holds");
  }),
];
