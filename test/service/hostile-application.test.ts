import * as z from "zod";
import { describe, expect, it } from "vitest";
import { fixed, run, service, WaybillError } from "waybill";
import { command, queue, stream, type Codec, type StandardSchema } from "waybill/contracts";
import { memory } from "waybill/memory";
import { testBus } from "waybill/testing";
import type { Transport } from "waybill/transport";
import { start } from "../../src/start.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import { Done, Job, jobs } from "./jobs.js";

const brittle: Codec = {
  contentType: "text/brittle",
  encode: (data) => Buffer.from(JSON.stringify(data)),
  decode: (body) => JSON.parse(Buffer.from(body).toString()) as unknown,
};

describe("a codec of the application that throws", () => {
  it("dead-letters the message as undecodable, and the partition goes on", async () => {
    const seen: string[] = [];
    const log = stream("brittle", { messages: { done: Done }, partitions: 1, codec: brittle });
    const bus = await testBus(service("reader").read(log, { done: ({ data }) => void seen.push(data.id) }));
    await bus.deliverRaw(log, { type: "t.done", version: 1, contentType: "text/brittle", body: "{" });
    await bus.deliver(log.done, { id: "behind" });
    await bus.settle();
    expect(seen).toEqual(["behind"]);
    expect(bus.deadLetters()).toMatchObject([{ reason: "Undecodable" }]);
    await bus.stop();
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
    ["gives no bytes", () => "text" as unknown as Uint8Array],
  ])("refuses the send with a code when encode %s", async (_name, encode) => {
    const broken = queue("broken", { messages: { job: Job }, codec: { ...brittle, encode } });
    const bus = await testBus(service("s").sends(broken));
    await expect(bus.app().send(broken.job, { id: "1" })).rejects.toMatchObject({ code: "notSerialisable" });
    await bus.stop();
  });
});

describe("an idempotency key function that throws", () => {
  it("dead-letters the message instead of trying for ever", async () => {
    const worker = service("worker").consume(
      jobs,
      { job: () => undefined },
      {
        idempotent: {
          key: () => {
            throw new Error("no key");
          },
        },
      },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent" }]);
    await bus.stop();
  });
});

describe("an around hook that forgets next()", () => {
  it("does not make a message look handled", async () => {
    const worker = service("worker")
      .around(() => Promise.resolve())
      .consume(jobs, { job: () => undefined });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent" }]);
    expect(bus.deadLetters()[0]?.description).toMatch(/without calling next\(\)/);
    await bus.stop();
  });
});

describe("a listener that throws or rejects", () => {
  const broken: readonly { readonly how: string; readonly on: unknown }[] = [
    {
      how: "throws",
      on: () => {
        throw new Error("no");
      },
    },
    { how: "rejects", on: () => Promise.reject(new Error("no")) },
  ];

  it.each(broken)("changes nothing when it $how", async ({ on }) => {
    const app = await run(service("s").sends(jobs), { transport: memory(), on: on as () => void });
    await app.send(jobs.job, { id: "1" });
    expect(await app.stop()).toEqual({ unfinished: 0 });
  });
});

describe("channels of one name and different kinds", () => {
  it("are told apart, each on the transport of its kind", async () => {
    const work = queue("orders", { messages: { job: Job } });
    const history = stream("orders", { messages: { done: Done }, partitions: 1 });
    const seen: string[] = [];
    const both = service("both")
      .sends(work, history)
      .consume(work, { job: ({ data }) => void seen.push(`queue ${data.id}`) })
      .read(history, { done: ({ data }) => void seen.push(`stream ${data.id}`) });
    const runtime = virtualRuntime();
    const transport = { queues: memory(), streams: memory() };
    const app = await start(both["~service"], { transport }, runtime);
    await app.send(work.job, { id: "1" });
    await app.send(history.done, { id: "2" });
    await runtime.drive();
    expect(seen.sort()).toEqual(["queue 1", "stream 2"]);
    let stopped = false;
    void app.stop().then(() => (stopped = true));
    await runtime.drive({ ended: () => stopped });
  });
});

describe("a start that fails", () => {
  const refusing = (closed: string[]): Transport => ({
    ...memory(),
    connect: () => ({
      sender: () => {
        throw new WaybillError("notFound", "no such entity");
      },
      receiver: () => {
        throw new WaybillError("notFound", "no such entity");
      },
      deadLetters: () => {
        throw new WaybillError("notFound", "no such entity");
      },
      close: () => void closed.push("closed"),
    }),
  });

  it("leaves nothing open", async () => {
    const closed: string[] = [];
    await expect(run(service("s").sends(jobs), { transport: refusing(closed) })).rejects.toMatchObject({
      code: "notFound",
    });
    expect(closed).toEqual(["closed"]);
  });

  it("connects to nothing when a channel needs what its transport lacks", async () => {
    const connected: string[] = [];
    const poor: Transport = {
      name: "poor",
      capabilities: { ...memory().capabilities, needs: { queues: "native" } },
      connect: () => {
        connected.push("connected");
        throw new WaybillError("transportFailed", "must not be called");
      },
    };
    const choices = [poor, { queues: memory(), streams: poor }, () => poor, { queues: memory() }];
    const log = stream("log-2", { messages: { done: Done } });
    for (const transport of choices) {
      await expect(
        start(service("s").sends(log)["~service"], { transport }, virtualRuntime()),
      ).rejects.toMatchObject({
        code: "unsupported",
        message: expect.stringMatching(/streams/) as string,
      });
    }
    expect(connected).toEqual([]);
  });
});

describe("a schema without JSON Schema", () => {
  it("is warned of once, however often it is sent", async () => {
    const schema: StandardSchema<{ id: string }, { id: string }> = {
      "~standard": { version: 1, vendor: "plain", validate: (value) => ({ value: value as { id: string } }) },
    };
    const bare = queue("bare", { messages: { job: command("t.bare", { version: 1, schema }) } });
    const bus = await testBus(service("s").sends(bare));
    await bus.app().send(bare.job, { id: "1" });
    await bus.app().send(bare.job, { id: "2" });
    expect(bus.events.filter(({ event }) => event === "warning")).toHaveLength(1);
    await bus.stop();
  });
});

describe("an asynchronous schema", () => {
  it("does not decide which send of a handler gets which id", async () => {
    let slow = "x";
    const waits: (() => void)[] = [];
    const schema: StandardSchema<{ id: string }, { id: string }> = {
      "~standard": {
        version: 1,
        vendor: "async",
        validate: async (value) => {
          const data = value as { id: string };
          if (data.id === slow) await new Promise<void>((resolve) => waits.push(resolve));
          else for (const go of waits.splice(0)) go();
          return { value: data };
        },
      },
    };
    const out = queue("out", { messages: { item: command("t.item", { version: 1, schema }) } });
    const ids: Record<string, string>[] = [];
    const worker = service("worker")
      .sends(out)
      .consume(
        jobs,
        {
          job: async (_msg, ctx) => {
            const sends = ["x", "y"].map(async (id) => [id, (await ctx.send(out.item, { id })).id] as const);
            ids.push(Object.fromEntries(await Promise.all(sends)));
            slow = "none";
            if (ids.length === 1) throw new Error("again");
          },
        },
        { retry: { backoff: fixed("1s") } },
      );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect(ids).toHaveLength(2);
    expect(ids[1]).toEqual(ids[0]);
    await bus.stop();
  });
});

describe("dead-letter reasons that only some messages meet", () => {
  it("IdempotencyKeyReuse: one key, two contents", async () => {
    const worker = service("worker").consume(
      jobs,
      { job: () => undefined },
      { idempotent: { key: () => "always the same" } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    await bus.deliver(jobs.job, { id: "2" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "IdempotencyKeyReuse", data: { id: "2" } }]);
    await bus.stop();
  });

  it("CrashLoop: the process dies on it every time", async () => {
    const worker = service("worker").consume(jobs, { job: () => undefined }, { retry: { attempts: 3 } });
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "deadly" });
    for (let crash = 0; crash < 3; crash += 1) {
      bus.crash(worker, { port: "handler", when: "before" });
      await bus.settle({ advance: "2m" });
      expect(bus.isAlive(worker)).toBe(false);
      await bus.restart(worker);
    }
    await bus.settle({ advance: "2m" });
    expect(bus.deadLetters()).toMatchObject([{ reason: "CrashLoop", attempts: 3 }]);
    await bus.stop();
  });

  it("Expired: its time to live ends before the next attempt", async () => {
    const worker = service("worker").consume(
      jobs,
      {
        job: () => {
          throw new Error("later");
        },
      },
      { retry: { backoff: fixed("1h") } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" }, { ttl: "10m" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Expired", attempts: 1 }]);
    await bus.stop();
  });

  it("TooLarge: a handler sends more than the transport takes", async () => {
    const Big = command("t.big", { version: 1, schema: z.object({ text: z.string() }) });
    const big = queue("big", { messages: { big: Big } });
    const sender = service("sender")
      .sends(big)
      .consume(jobs, {
        job: async (_msg, ctx) => {
          await ctx.send(big.big, { text: "x".repeat(300_000) });
        },
      });
    const bus = await testBus(sender);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "TooLarge", attempts: 1 }]);
    await bus.stop();
  });
});

describe("faults of receiving and of checkpoints", () => {
  it("are told, and reading goes on", async () => {
    const log = stream("log-3", { messages: { done: Done }, partitions: 1 });
    const seen: string[] = [];
    const reader = service("reader").read(log, { done: ({ data }) => void seen.push(data.id) });
    const bus = await testBus(reader);
    bus.failNext("checkpoint");
    await bus.deliver(log.done, { id: "1" });
    await bus.settle({ advance: "10s" });
    bus.failNext("receive");
    await bus.deliver(log.done, { id: "2" });
    await bus.settle({ advance: "1m" });
    const told = bus.events.map(({ event }) => event);
    expect(told).toContain("checkpointFailed");
    expect(told).toContain("receiveFailed");
    expect(told).toContain("checkpointed");
    expect(seen).toEqual(["1", "2"]);
    await bus.stop();
  });
});
