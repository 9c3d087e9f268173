import { describe, expect, it } from "vitest";
import { deadLetter, fixed, service } from "waybill";
import { testBus } from "waybill/testing";
import { queue } from "waybill/contracts";
import { Job, jobs, log, news, orderedJobs } from "./jobs.js";

/** A consumer that refuses until it is told otherwise, and notes what it got. */
function refusing() {
  const state = { refuse: true };
  const handled: { id: string; data: unknown; attempt: number; causationId: string | undefined }[] = [];
  const worker = service("worker").consume(
    jobs,
    {
      job: ({ id, data, causationId }, ctx) => {
        if (state.refuse) throw new Error("refused");
        handled.push({ id, data, attempt: ctx.attempt, causationId });
      },
    },
    { retry: { attempts: 2, backoff: fixed("1s") } },
  );
  return { state, handled, worker };
}

describe("a dead letter", () => {
  it("is shown with what a person needs to know, and looking changes nothing", async () => {
    const { worker } = refusing();
    const bus = await testBus(worker);
    const { id } = await bus.deliver(jobs.job, { id: "1" }, { headers: { tenant: "a" } });
    await bus.settle({ advance: "1m" });
    const letters = bus.app().deadLetters(jobs);
    for (const _look of [1, 2]) {
      expect(await letters.peek()).toMatchObject([
        {
          id,
          messageType: "t.job",
          reason: "MaxAttempts",
          description: "refused",
          attempts: 2,
          data: { id: "1" },
          headers: { tenant: "a" },
        },
      ]);
    }
    await bus.stop();
  });

  it("is redriven as the same message, with all its attempts, and then is gone", async () => {
    const { state, handled, worker } = refusing();
    const bus = await testBus(worker);
    const { id } = await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    state.refuse = false;
    const letters = bus.app().deadLetters(jobs);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    expect(await letters.redrive(entry)).toEqual({ id });
    await bus.settle();
    expect(handled).toEqual([{ id, data: { id: "1", key: "k" }, attempt: 1, causationId: undefined }]);
    expect(bus.deadLetters()).toEqual([]);
    await expect(letters.redrive(entry)).rejects.toMatchObject({ code: "notFound" });
    await bus.stop();
  });

  it("is redriven with corrected data as a new message, which the contract checks", async () => {
    const { state, handled, worker } = refusing();
    const bus = await testBus(worker);
    const { id } = await bus.deliver(jobs.job, { id: "wrong" });
    await bus.settle({ advance: "1m" });
    state.refuse = false;
    const letters = bus.app().deadLetters(jobs);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    const invalid = { id: 7 } as unknown as { id: string };
    await expect(letters.redrive(entry, { edit: () => invalid })).rejects.toMatchObject({
      code: "invalidMessage",
    });
    expect(bus.deadLetters()).toHaveLength(1);
    const sent = await letters.redrive(entry, {
      edit: (data) => ({ ...(data as { id: string }), id: "right" }),
    });
    await bus.settle();
    expect(sent.id).not.toBe(id);
    expect(handled).toMatchObject([{ id: sent.id, data: { id: "right" }, causationId: id }]);
    await bus.stop();
  });

  it("of a subscription goes back to that subscription alone", async () => {
    const seen: string[] = [];
    let refuse = true;
    const strict = service("strict").subscribe(news, {
      done: () => {
        if (refuse) return deadLetter("not today");
        seen.push("strict");
        return undefined;
      },
      job: "ignore",
    });
    const other = service("other").subscribe(news, { done: () => void seen.push("other"), job: "ignore" });
    const bus = await testBus([strict, other]);
    await bus.deliver(news.done, { id: "1" });
    await bus.settle();
    refuse = false;
    const letters = bus.app(strict).deadLetters(news);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    await letters.redrive(entry);
    await bus.settle();
    expect(seen).toEqual(["other", "strict"]);
    await bus.stop();
  });

  it("of a stream goes back to its group alone", async () => {
    const seen: string[] = [];
    let refuse = true;
    const reader = service("reader").read(
      log,
      {
        done: ({ data }) => {
          if (refuse) throw new Error("no");
          seen.push(`reader ${data.id}`);
        },
      },
      { retry: { attempts: 1 } },
    );
    const other = service("other").read(log, { done: ({ data }) => void seen.push(`other ${data.id}`) });
    const bus = await testBus([reader, other]);
    await bus.deliver(log.done, { id: "1" });
    await bus.settle();
    refuse = false;
    const letters = bus.app(reader).deadLetters(log);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    await letters.redrive(entry);
    await bus.settle({ advance: "1m" });
    expect(seen).toEqual(["other 1", "reader 1"]);
    expect(bus.deadLetters()).toEqual([]);
    await bus.stop();
  });

  it("stays, and can be redriven again, when the broker does not take the message", async () => {
    const { state, handled, worker } = refusing();
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    state.refuse = false;
    const letters = bus.app().deadLetters(jobs);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    bus.failNext("send");
    await expect(letters.redrive(entry)).rejects.toMatchObject({ code: "transportFailed" });
    expect(bus.deadLetters()).toHaveLength(1);
    await letters.redrive(entry);
    await bus.settle();
    expect(handled).toHaveLength(1);
    await bus.stop();
  });

  it("is there still after a crash that left its message sent back, which an idempotent consumer handles once", async () => {
    let refuse = true;
    const handled: string[] = [];
    const worker = service("worker").consume(
      jobs,
      {
        job: ({ id }) => {
          if (refuse) return deadLetter("not yet");
          handled.push(id);
          return undefined;
        },
      },
      { idempotent: true },
    );
    const bus = await testBus(worker);
    const { id } = await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    refuse = false;
    const redrive = async (): Promise<void> => {
      const letters = bus.app().deadLetters(jobs);
      for (const letter of await letters.peek()) await letters.redrive(letter);
    };
    bus.crash(worker, { port: "send", when: "after" });
    void redrive();
    await bus.settle();
    expect(bus.isAlive(worker)).toBe(false);
    await bus.restart(worker);
    await bus.settle({ advance: "5m" });
    expect([handled, bus.deadLetters()]).toMatchObject([[id], [{ id }]]);
    await redrive();
    await bus.settle();
    expect([handled, bus.deadLetters()]).toEqual([[id], []]);
    await bus.stop();
  });
});

describe("a corrected message", () => {
  it("keeps the key that its sender chose, and where an answer is expected", async () => {
    let refuse = true;
    const seen: { key: string | undefined; replyTo: string | undefined }[] = [];
    const worker = service("worker").consume(orderedJobs, {
      job: ({ key, replyTo }) => {
        if (refuse) return deadLetter("no");
        seen.push({ key, replyTo });
        return undefined;
      },
    });
    const bus = await testBus(worker);
    await bus.deliver(
      orderedJobs.job,
      { id: "1", key: "by contract" },
      { key: "chosen", replyTo: "answers" },
    );
    await bus.deliver(orderedJobs.job, { id: "2", key: "by contract" });
    await bus.settle();
    refuse = false;
    const letters = bus.app().deadLetters(orderedJobs);
    for (const entry of await letters.peek()) {
      await letters.redrive(entry, { edit: (data) => ({ ...(data as { id: string }), key: "corrected" }) });
    }
    await bus.settle();
    expect(seen).toContainEqual({ key: "chosen", replyTo: "answers" });
    expect(seen).toContainEqual({ key: "corrected", replyTo: undefined });
    await bus.stop();
  });

  it("may have come from a producer without Waybill", async () => {
    const foreign = queue("foreign-jobs", {
      messages: { job: Job },
      foreign: (raw) => ({
        type: "t.job",
        version: 1,
        data: JSON.parse(Buffer.from(raw.body).toString()) as unknown,
      }),
    });
    const seen: string[] = [];
    const bus = await testBus(
      service("worker").consume(foreign, { job: ({ data }) => void seen.push(data.id) }),
    );
    await bus.deliverRaw(foreign, { body: '{"id":"good"}' });
    await bus.deliverRaw(foreign, { body: '{"number":7}' });
    await bus.settle();
    expect(seen).toEqual(["good"]);
    const letters = bus.app().deadLetters(foreign);
    const [entry] = await letters.peek();
    if (entry === undefined) throw new Error("a dead letter");
    expect(entry).toMatchObject({ messageType: "t.job", reason: "SchemaInvalid", data: { number: 7 } });
    await letters.redrive(entry, { edit: (data) => ({ id: String((data as { number: number }).number) }) });
    await bus.settle();
    expect(seen).toEqual(["good", "7"]);
    await bus.stop();
  });
});

describe("a deferred message", () => {
  it("is kept until it is fetched by its sequence number", async () => {
    const { defer } = await import("waybill");
    const seen: string[] = [];
    let kept: string | undefined;
    const worker = service("worker").consume(jobs, {
      job: ({ data, broker }) => {
        if (kept !== undefined) return void seen.push(data.id);
        kept = broker.sequenceNumber;
        return defer();
      },
    });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(seen).toEqual([]);
    expect(await bus.app().resumeDeferred(jobs, [kept ?? ""])).toBe(1);
    await bus.settle();
    expect(seen).toEqual(["1"]);
    await bus.stop();
  });
});
