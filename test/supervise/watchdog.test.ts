import { describe, expect, it } from "vitest";
import { service, WaybillError, type AppEvent } from "waybill";
import { testBus, type TestBus } from "waybill/testing";
import { jobs, orderedJobs } from "../service/jobs.js";
import { EvidenceLog } from "../../src/supervise/evidence-log.js";
import { scripted, type Script } from "./scripted.js";

const supervised = ["stalled", "recycled", "recovered"];

/** A service that handles jobs, over a scripted transport. */
async function working(
  handle: (id: string, ctx: { sleep(ms: "4m"): Promise<void> }) => Promise<void> | void = () => undefined,
): Promise<{ bus: TestBus; script: Script; handled: string[] }> {
  const handled: string[] = [];
  const worker = service("worker").consume(
    jobs,
    {
      job: async ({ data }, ctx) => {
        await handle(data.id, ctx);
        handled.push(data.id);
      },
    },
    { concurrency: 4 },
  );
  const { transport, script } = scripted();
  const bus = await testBus(worker, { transport });
  return { bus, script, handled };
}

/** What was told of supervision, in short. */
const told = (events: readonly AppEvent[]): readonly string[] =>
  events
    .filter(({ event }) => supervised.includes(event))
    .map((event) => {
      if (event.event === "recycled") return `recycled ${event.what}`;
      if (event.event === "stalled") return event.final ? "stalled for good" : "stalled";
      return event.event;
    });

const consumerOf = (bus: TestBus) => bus.app().health().consumers[0];

describe("a consumer that is given nothing", () => {
  it("is let alone while nothing waits", async () => {
    const { bus, script } = await working();
    await bus.settle({ advance: "1h" });
    expect([told(bus.events), script.opened.length, script.looks]).toEqual([[], 1, 150]);
    await bus.stop();
  });

  it("although a message waits gets a new link within a minute and a half, and then the message", async () => {
    const { bus, script, handled } = await working();
    script.silent = ({ nth }) => nth === 1;
    await bus.settle({ advance: "10m" });
    await bus.redeliver(await bus.deliver(jobs.job, { id: "1" }));
    await bus.settle({ advance: "90s" });
    expect(told(bus.events)).toEqual(["stalled", "recycled link", "recovered"]);
    expect(new Set(handled)).toEqual(new Set(["1"]));
    expect(bus.app().health()).toMatchObject({ state: "ready", ready: true, live: true });
    await bus.settle({ advance: "60s" });
    expect(script.opened.map(({ closed }) => closed)).toEqual([true, false]);
    await bus.stop();
  });

  it("over new links gets a new client", async () => {
    const { bus, script, handled } = await working();
    script.silent = ({ client }) => client === 0;
    await bus.settle();
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "5m" });
    expect(told(bus.events)).toEqual(["stalled", "recycled link", "recycled client", "recovered"]);
    expect([script.recycled, handled]).toEqual([1, ["1"]]);
    await bus.stop();
  });

  it("whatever is made anew says that a new process is needed, and goes on trying", async () => {
    const { bus, script, handled } = await working();
    script.silent = () => true;
    await bus.settle();
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect(told(bus.events)).toContain("stalled for good");
    const { state, live, ready, consumers } = bus.app().health();
    expect({ state, live, ready }).toEqual({ state: "stalled", live: false, ready: false });
    expect(consumers[0]).toMatchObject({ state: "stalled", inFlight: 0 });
    expect(consumers[0]?.evidence.at(-1)?.what).toMatch(/^message 1 waits since .* and does not come$/);
    script.silent = () => false;
    await bus.settle({ advance: "2m" });
    expect([handled, bus.app().health().live, told(bus.events).at(-1)]).toEqual([["1"], true, "recovered"]);
    await bus.stop();
  });

  it("of which another consumer may have the message is never called stalled, and more and more rarely disturbed", async () => {
    const { bus, script } = await working();
    await bus.settle();
    script.backlog = () => ({ id: "7", mayBeLocked: true });
    await bus.settle({ advance: "2h" });
    const steps = told(bus.events);
    expect(new Set(steps)).toEqual(new Set(["recycled link", "recycled client"]));
    expect(script.recycled).toBe(1);
    expect(steps.length).toBeLessThan(30);
    expect(bus.app().health()).toMatchObject({ state: "ready", live: true });
    await bus.stop();
  });

  it("is not disturbed while others take what waits", async () => {
    const { bus, script } = await working();
    await bus.settle();
    let number = 0;
    script.backlog = () => ({ id: String((number += 1)), mayBeLocked: true });
    await bus.settle({ advance: "1h" });
    expect(told(bus.events)).toEqual([]);
    await bus.stop();
  });

  it("by a service that does not answer is stalled, not for good, until it answers", async () => {
    const { bus, script } = await working();
    await bus.settle();
    script.backlog = () => new Promise(() => undefined);
    await bus.settle({ advance: "1h" });
    expect(told(bus.events)[0]).toBe("stalled");
    expect(told(bus.events)).not.toContain("stalled for good");
    expect(bus.app().health()).toMatchObject({ state: "degraded", live: true });
    expect(consumerOf(bus)?.evidence.at(-1)?.what).toMatch(/has not answered for 10000 ms/);
    script.backlog = undefined;
    await bus.settle({ advance: "3m" });
    expect(told(bus.events).at(-1)).toBe("recovered");
    expect(bus.app().health().state).toBe("ready");
    await bus.stop();
  });

  it("is not looked at while it is paused", async () => {
    const { bus, script } = await working();
    bus.app().pause();
    await bus.settle();
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect([script.looks, told(bus.events)]).toEqual([0, []]);
    expect(bus.app().health()).toMatchObject({ state: "paused", ready: false, live: true });
    await bus.stop({ leftovers: "ignore" });
  });
});

describe("a receiver whose place another one has taken", () => {
  it("puts back what it still brings: the message is handled once", async () => {
    const { bus, script, handled } = await working();
    script.silent = ({ nth }) => nth === 1;
    await bus.settle();
    script.backlog = () => ({ id: "1", mayBeLocked: false });
    await bus.settle({ advance: "89s" });
    expect(script.opened).toHaveLength(2);
    script.silent = () => true;
    script.backlog = undefined;
    bus.app().pause();
    await bus.settle();
    await bus.deliver(jobs.job, { id: "1" });
    script.letGo();
    await bus.settle();
    script.silent = () => false;
    bus.app().resume();
    await bus.settle({ advance: "1s" });
    expect(handled).toEqual(["1"]);
    await bus.stop();
  });

  it("still settles and renews what it has brought, and is closed after that", async () => {
    const { bus, script, handled } = await working((id, ctx) =>
      id === "slow" ? ctx.sleep("4m") : undefined,
    );
    await bus.deliver(jobs.job, { id: "slow" });
    await bus.settle();
    script.silent = ({ nth }) => nth === 1;
    await bus.redeliver(await bus.deliver(jobs.job, { id: "1" }));
    await bus.settle({ advance: "3m" });
    expect([script.opened.length, script.opened[0]?.closed]).toEqual([2, false]);
    await bus.settle({ advance: "2m" });
    expect([handled.at(-1), script.opened[0]?.closed]).toEqual(["slow", true]);
    expect(bus.events.map(({ event }) => event)).not.toContain("lockLost");
    expect(bus.events.map(({ event }) => event)).not.toContain("settleFailed");
    await bus.stop();
  });
});

describe("a consumer whose receives fail", () => {
  it("for its credential says so, gets new clients, and is well again without a message", async () => {
    const { bus, script } = await working();
    script.receiveFails = new WaybillError("unauthorized", "SharedAccessKey=abc was refused");
    await bus.settle();
    bus.app().pause();
    bus.app().resume();
    await bus.settle({ advance: "10m" });
    const health = consumerOf(bus);
    expect(health?.state).toBe("unauthorized");
    expect(JSON.stringify(bus.app().health())).not.toContain("abc");
    expect(bus.app().health()).toMatchObject({ state: "degraded", live: true, ready: false });
    expect(script.recycled).toBeGreaterThan(3);
    expect(script.recycled).toBeLessThan(20);
    script.receiveFails = undefined;
    await bus.settle({ advance: "2m" });
    expect(bus.app().health().state).toBe("ready");
    expect(consumerOf(bus)?.receiveFailures).toBe(0);
    await bus.stop();
  });

  it("because its entity is disabled keeps its client, and goes on when it is enabled", async () => {
    const { bus, script, handled } = await working();
    script.receiveFails = new WaybillError("disabled", "the queue is disabled");
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "10m" });
    expect([consumerOf(bus)?.state, script.recycled]).toEqual(["failing", 0]);
    script.receiveFails = undefined;
    await bus.settle({ advance: "40s" });
    expect([handled, consumerOf(bus)?.state]).toEqual([["1"], "reading"]);
    await bus.stop();
  });

  it("says why from its first failed receive on", async () => {
    const { bus, script } = await working();
    script.receiveFails = new WaybillError("notFound", "there is no such queue");
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1s" });
    expect(consumerOf(bus)).toMatchObject({
      state: "failing",
      evidence: [
        { what: expect.stringMatching(/receiving failed \d times.*there is no such queue/) as string },
      ],
    });
    await bus.stop({ leftovers: "ignore" });
  });

  it("goes on with the old client when no new one can be made", async () => {
    const { bus, script, handled } = await working();
    script.receiveFails = new WaybillError("transportFailed", "broken");
    script.recycleFails = new WaybillError("transportFailed", "the factory made no client");
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "5m" });
    expect(JSON.stringify(consumerOf(bus)?.evidence)).toContain("the factory made no client");
    script.receiveFails = undefined;
    await bus.settle({ advance: "1m" });
    expect(handled).toEqual(["1"]);
    await bus.stop();
  });
});

describe("a message that the service's client cannot decode", () => {
  it("gives its consumer a client of its own and one message at a time, until it is gone", async () => {
    const { bus, script, handled } = await working();
    await bus.settle();
    script.backlog = () => ({ id: "3", mayBeLocked: true, unreadable: true });
    await bus.settle({ advance: "1m" });
    expect(told(bus.events)).toEqual(["stalled", "recycled apart"]);
    expect(consumerOf(bus)).toMatchObject({ state: "poisoned" });
    expect(script.opened.at(-1)).toMatchObject({ apart: true, asked: [1] });
    for (let n = 0; n < 3; n += 1) await bus.deliver(jobs.job, { id: String(n) });
    await bus.settle();
    expect(handled).toEqual(["0", "1", "2"]);
    expect(new Set(script.opened.at(-1)?.asked)).toEqual(new Set([1]));
    script.backlog = undefined;
    await bus.settle({ advance: "1m" });
    expect([told(bus.events).at(-1), consumerOf(bus)?.state]).toEqual(["recovered", "reading"]);
    await bus.stop();
  });
});

describe("renewals of locks", () => {
  it("are evidence when they fail twice in a row", async () => {
    const { bus } = await working((_id, ctx) => ctx.sleep("4m"));
    bus.failNext("renew", { times: 2 });
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(JSON.stringify(consumerOf(bus)?.evidence)).toMatch(/could not be renewed 2 times in a row/);
    await bus.settle({ advance: "4m" });
    await bus.stop();
  });
});

describe("evidence", () => {
  it("keeps ten things at most, each once", () => {
    const log = new EvidenceLog(() => 0);
    for (let n = 0; n < 15; n += 1) log.note(`thing ${String(n % 12)}`);
    expect(log.all.map(({ what }) => what)).toEqual(
      [5, 6, 7, 8, 9, 10, 11, 0, 1, 2].map((n) => `thing ${n}`),
    );
    expect(log.note("AccountKey=abc; " + "x".repeat(1_000))).toMatch(/^AccountKey=\[redacted\]/);
    expect(log.all.at(-1)?.what).toHaveLength(300);
  });
});

describe("supervision", () => {
  it("refuses a stallAfter that would take slow answers for stalls", async () => {
    const worker = service("worker").consume(jobs, { job: () => undefined });
    const { start } = await import("../../src/start.js");
    const { realRuntime } = await import("../../src/runtime/runtime.js");
    const starting = start(
      worker["~service"],
      { transport: scripted().transport, supervision: { stallAfter: "10ms" } },
      realRuntime(),
    );
    await expect(starting).rejects.toMatchObject({ code: "invalidOption" });
  });

  it("reads sessions on over a new link", async () => {
    const handled: string[] = [];
    const worker = service("worker").consume(orderedJobs, {
      job: ({ data }) => void handled.push(data.id),
    });
    const { transport, script } = scripted();
    script.silent = ({ nth }) => nth === 1;
    const bus = await testBus(worker, { transport });
    await bus.settle();
    await bus.deliver(orderedJobs.job, { id: "1" });
    await bus.settle({ advance: "90s" });
    expect([handled, told(bus.events)]).toEqual([["1"], ["stalled", "recycled link", "recovered"]]);
    await bus.stop();
  });
});
