import { describe, expect, it } from "vitest";
import { deadLetter, fixed, service } from "waybill";
import type { Inbox, InboxResult, OutboxMessage } from "waybill/store";
import { testBus } from "waybill/testing";
import { jobs, results } from "./jobs.js";

/** One database: rows, claims and outgoing messages are committed together or not at all. */
function database() {
  const rows: string[] = [];
  const claims = new Map<string, { fingerprint: string; unsent: readonly OutboxMessage[] }>();
  let last: Promise<unknown> = Promise.resolve();
  const inbox: Inbox<{ insert(row: string): void }> = {
    name: "database",
    // A row lock: transactions take turns.
    run: (request, work) => {
      const mine = last.then(() => transaction(request, work));
      last = mine.catch(() => undefined);
      return mine;
    },
    confirmSent: (request) => {
      const key = `${request.scope} ${request.key}`;
      const claim = claims.get(key);
      if (claim !== undefined) claims.set(key, { ...claim, unsent: [] });
      return Promise.resolve();
    },
  };
  const transaction: typeof inbox.run = async (request, work): Promise<InboxResult> => {
    const key = `${request.scope} ${request.key}`;
    const claim = claims.get(key);
    if (claim !== undefined) {
      if (claim.fingerprint !== request.fingerprint)
        return { kind: "conflict", storedFingerprint: claim.fingerprint };
      return { kind: "duplicate", unsent: claim.unsent };
    }
    const written: string[] = [];
    const unsent = await work({ insert: (row) => void written.push(row) });
    rows.push(...written);
    claims.set(key, { fingerprint: request.fingerprint, unsent });
    return { kind: "committed" };
  };
  return { rows, inbox };
}

const workerWith = (inbox: Inbox<{ insert(row: string): void }>, fail: () => void = () => undefined) =>
  service("worker")
    .sends(results)
    .consume(
      jobs,
      {
        job: async ({ data }, ctx) => {
          ctx.tx.insert(data.id);
          await ctx.send(results.done, { id: data.id });
          fail();
          return data.id === "bad" ? deadLetter("bad") : undefined;
        },
      },
      { inbox, retry: { backoff: fixed("1s") } },
    );

describe("a consumer with an inbox", () => {
  it("writes, claims and sends once, however often the message comes", async () => {
    const { rows, inbox } = database();
    const bus = await testBus(workerWith(inbox));
    const message = await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    await bus.redeliver(message);
    await bus.settle();
    expect(rows).toEqual(["1"]);
    expect(bus.sent(results.done)).toEqual([{ id: "1" }]);
    await bus.stop();
  });

  it("rolls back what a failed handler wrote, and sends nothing of it", async () => {
    const { rows, inbox } = database();
    let failures = 1;
    const bus = await testBus(
      workerWith(inbox, () => {
        failures -= 1;
        if (failures >= 0) throw new Error("no");
      }),
    );
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect([rows, bus.sent(results.done)]).toEqual([[], []]);
    await bus.settle({ advance: "1m" });
    expect([rows, bus.sent(results.done)]).toEqual([["1"], [{ id: "1" }]]);
    await bus.stop();
  });

  it("commits nothing for a message that the handler dead-letters", async () => {
    const { rows, inbox } = database();
    const bus = await testBus(workerWith(inbox));
    await bus.deliver(jobs.job, { id: "bad" });
    await bus.settle();
    expect(rows).toEqual([]);
    expect(bus.deadLetters()).toMatchObject([{ reason: "Manual" }]);
    await bus.stop();
  });

  it.each(["send", "settle"] as const)(
    "loses and repeats nothing when the process dies at its %s",
    async (port) => {
      const { rows, inbox } = database();
      const worker = workerWith(inbox);
      const bus = await testBus(worker);
      bus.crash(worker, { port, when: "before" });
      await bus.deliver(jobs.job, { id: "1" });
      await bus.settle();
      expect(bus.isAlive(worker)).toBe(false);
      await bus.restart(worker);
      await bus.settle({ advance: "5m" });
      expect(rows).toEqual(["1"]);
      expect(bus.sent(results.done)).toEqual([{ id: "1" }]);
      await bus.stop();
    },
  );

  it("is refused together with idempotent", () => {
    const { inbox } = database();
    expect(() => service("s").consume(jobs, { job: () => undefined }, { inbox, idempotent: true })).toThrow(
      /keep one/,
    );
  });
});
