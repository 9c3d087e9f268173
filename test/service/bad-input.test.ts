import * as z from "zod";
import { describe, expect, it } from "vitest";
import { command, queue } from "waybill/contracts";
import { service } from "waybill";
import { testBus, type TestBus } from "waybill/testing";

const ShipV1 = command("t.ship", { version: 1, schema: z.object({ id: z.string() }) });
const ShipV3 = command("t.ship", {
  version: 3,
  schema: z.object({ id: z.string(), to: z.string() }),
}).from(command("t.ship", { version: 2, schema: z.object({ id: z.string(), city: z.string() }) }), (old) => ({
  id: old.id,
  to: old.city,
}));
const shipping = queue("shipping", { messages: { ship: ShipV3 }, scheduled: true });

function recording() {
  const handled: unknown[] = [];
  const shipper = service("shipper").consume(shipping, { ship: (msg) => void handled.push(msg.data) });
  return { handled, shipper };
}

describe("what cannot be read", () => {
  const good = JSON.stringify({ id: "1", to: "Oslo" });
  const cases = [
    {
      name: "an unknown message type",
      raw: { type: "t.unheard-of", version: 1, body: good },
      reason: "UnknownMessageType",
    },
    { name: "a message without a type", raw: { body: good }, reason: "UnknownMessageType" },
    {
      name: "an older version without an upcaster",
      raw: { type: "t.ship", version: 1, body: good },
      reason: "UnknownVersion",
    },
    { name: "invalid JSON", raw: { type: "t.ship", version: 3, body: "{" }, reason: "Undecodable" },
    {
      name: "invalid UTF-8",
      raw: { type: "t.ship", version: 3, body: new Uint8Array([0xff]) },
      reason: "Undecodable",
    },
    { name: "an empty body", raw: { type: "t.ship", version: 3, body: "" }, reason: "Undecodable" },
    {
      name: "another content type",
      raw: { type: "t.ship", version: 3, contentType: "application/xml", body: "<ship/>" },
      reason: "Undecodable",
    },
    {
      name: "data that the schema refuses",
      raw: { type: "t.ship", version: 3, body: '{"id":1}' },
      reason: "SchemaInvalid",
    },
    {
      name: "JSON nested too deep",
      raw: { type: "t.ship", version: 3, body: "[".repeat(5000) + "]".repeat(5000) },
      reason: "Undecodable",
    },
  ];

  it.each(cases)(
    "$name is dead-lettered at once as $reason, and the messages behind it are handled",
    async ({ raw, reason }) => {
      const { handled, shipper } = recording();
      const bus = await testBus(shipper);
      await bus.deliverRaw(shipping, { contentType: "application/json", ...raw });
      await bus.deliver(shipping.ship, { id: "2", to: "Bergen" });
      await bus.settle();
      expect(bus.deadLetters().map((letter) => [letter.reason, letter.attempts])).toEqual([[reason, 0]]);
      expect(handled).toEqual([{ id: "2", to: "Bergen" }]);
      await bus.stop();
    },
  );

  it("an older version is lifted through its upcaster, and says with which version it travelled", async () => {
    const handled: unknown[] = [];
    const shipper = service("shipper").consume(shipping, {
      ship: ({ data, version }) => void handled.push([version, data]),
    });
    const bus = await testBus(shipper);
    await bus.deliverRaw(shipping, { type: "t.ship", version: 2, body: '{"id":"1","city":"Oslo"}' });
    await bus.settle();
    expect(handled).toEqual([[2, { id: "1", to: "Oslo" }]]);
    await bus.stop();
  });

  it("an upcaster that throws, or that makes what the schema refuses, is dead-lettered at once", async () => {
    const upcasters = [
      () => {
        throw new Error("no");
      },
      () => ({ id: 7 }) as unknown as { id: string; to: string },
    ];
    for (const upcaster of upcasters) {
      const newest = command("t.ship", { version: 2, schema: z.object({ id: z.string(), to: z.string() }) });
      const lifted = queue("lifted", { messages: { ship: newest.from(ShipV1, upcaster) } });
      const bus = await testBus(service("shipper").consume(lifted, { ship: () => undefined }));
      await bus.deliverRaw(lifted, { type: "t.ship", version: 1, body: '{"id":"1"}' });
      await bus.settle();
      expect(bus.deadLetters()).toMatchObject([{ reason: "SchemaInvalid", attempts: 0 }]);
      await bus.stop();
    }
  });

  it("a newer version waits for a newer service, then is dead-lettered without having spent an attempt", async () => {
    const { handled, shipper } = recording();
    const bus = await testBus(shipper);
    await bus.deliverRaw(shipping, { type: "t.ship", version: 4, body: good });
    await bus.settle({ advance: "5m" });
    expect(bus.deadLetters()).toEqual([]);
    await bus.settle({ advance: "3h" });
    expect(bus.deadLetters().map((letter) => [letter.reason, letter.attempts])).toEqual([
      ["UnknownVersion", 0],
    ]);
    expect(handled).toEqual([]);
    await bus.stop();
  });
});

describe("what cannot be sent", () => {
  const Free = command("t.free", { version: 1, schema: z.object({ value: z.unknown() }) });
  const free = queue("free", { messages: { free: Free } });
  const sender = service("sender").sends(free);
  const cyclic: Record<string, unknown> = {};
  cyclic["self"] = { cyclic };

  it.each([
    ["a BigInt", { value: 1n }, "notSerialisable"],
    ["a cycle", { value: cyclic }, "notSerialisable"],
    ["a message over the size limit", { value: "x".repeat(300_000) }, "tooLarge"],
  ])("%s is refused with a code, and nothing is sent", async (_name, data, code) => {
    const bus = await testBus(sender);
    await expect(bus.app().send(free.free, data)).rejects.toMatchObject({ code });
    expect(bus.sent(free.free)).toEqual([]);
    await bus.stop();
  });

  it("data that the schema refuses is refused, and the error names the path but not the value", async () => {
    const bus = await testBus(service("s").sends(shipping));
    const wrong = { id: 7, to: "secret-city" } as unknown as { id: string; to: string };
    await expect(bus.app().send(shipping.ship, wrong)).rejects.toMatchObject({
      code: "invalidMessage",
      message: expect.stringMatching(/t\.ship.*\bid\b/s) as string,
    });
    await expect(bus.app().send(shipping.ship, wrong)).rejects.not.toThrow(/secret-city/);
    await bus.stop();
  });

  it("after the stop everything is refused", async () => {
    const bus = await testBus(service("s").sends(shipping));
    const app = bus.app();
    await bus.stop();
    await expect((async () => app.send(shipping.ship, { id: "1", to: "Oslo" }))()).rejects.toMatchObject({
      code: "closed",
    });
    const outcomes = await app.sendMany(shipping.ship, [{ id: "1", to: "Oslo" }]);
    expect(outcomes).toMatchObject([{ ok: false, error: { code: "closed" } }]);
  });

  it("a channel that the service does not declare is refused", async () => {
    const bus = await testBus(service("s").sends(free));
    const app = bus.app() as unknown as { send(to: unknown, data: unknown): Promise<unknown> };
    await expect((async () => app.send(shipping.ship, { id: "1", to: "Oslo" }))()).rejects.toMatchObject({
      code: "undeclaredChannel",
    });
    await bus.stop();
  });
});

describe("handlers that misbehave", () => {
  const jobs = queue("jobs", { messages: { job: ShipV1 }, scheduled: true });

  it.each([
    ["undefined", undefined],
    ["null", null],
    ["a number", 7],
    ["a frozen error", Object.freeze(new Error("frozen"))],
    [
      "an error whose message cannot be read",
      Object.defineProperty(new Error(), "message", {
        get: () => {
          throw new Error("no");
        },
      }),
    ],
  ])("one that throws %s is retried and dead-lettered with a record", async (_name, thrown) => {
    const worker = service("worker").consume(
      jobs,
      {
        job: () => {
          throw thrown;
        },
      },
      { retry: { attempts: 2 } },
    );
    const bus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1h" });
    expect(bus.deadLetters()).toMatchObject([{ reason: "MaxAttempts", attempts: 2 }]);
    await bus.stop();
  });

  it("one that returns something else than a settlement is told so", async () => {
    const wrong = (() => 5) as unknown as () => undefined;
    const bus = await testBus(service("worker").consume(jobs, { job: wrong }));
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle();
    expect(bus.deadLetters()).toMatchObject([{ reason: "Permanent" }]);
    expect(bus.deadLetters()[0]?.description).toMatch(/return nothing, or a settlement/);
    await bus.stop();
  });

  it("one that never returns is told by its signal, gives its slot back, and its message is delivered again", async () => {
    let signal: AbortSignal | undefined;
    const runs: number[] = [];
    const never = (): Promise<never> => bus.hang(new AbortController().signal);
    const worker = service("worker").consume(
      jobs,
      {
        job: (_msg, ctx) => {
          runs.push(ctx.attempt);
          if (ctx.attempt > 1) return;
          signal = ctx.signal;
          return never();
        },
      },
      { concurrency: 1, maxLockRenewal: "2m" },
    );
    const bus: TestBus = await testBus(worker);
    await bus.deliver(jobs.job, { id: "1" });
    await bus.settle({ advance: "1m" });
    expect([signal?.aborted, runs]).toEqual([false, [1]]);
    await bus.settle({ advance: "30m" });
    expect([signal?.aborted, runs]).toEqual([true, [1, 2]]);
    await bus.stop();
  });
});

describe("declarations that cannot work", () => {
  it("a second handler for one channel is refused", () => {
    const once = service("s").consume(shipping, { ship: () => undefined });
    expect(() => once.consume(shipping, { ship: () => undefined })).toThrow(
      expect.objectContaining({ code: "duplicateHandler" }) as Error,
    );
  });

  it("handlers that do not fit the messages of their channel are refused past the compiler", () => {
    const ship = () => undefined;
    for (const handlers of [{}, { ship, sink: ship }] as unknown as readonly { ship: typeof ship }[])
      expect(() => service("s").consume(shipping, handlers)).toThrow(
        expect.objectContaining({ code: "invalidOption" }) as Error,
      );
  });

  it("a question about a channel that the service does not read is refused", async () => {
    const bus = await testBus(service("s").sends(shipping));
    expect(() => {
      bus.app().pause(shipping);
    }).toThrow(expect.objectContaining({ code: "unknownChannel" }) as Error);
    await bus.stop();
  });

  it("an idempotent consumer without a store is refused before any I/O", async () => {
    const { start } = await import("../../src/start.js");
    const { virtualRuntime } = await import("../../src/runtime/virtual-runtime.js");
    const { memory } = await import("waybill/memory");
    const forgetful = service("s").consume(shipping, { ship: () => undefined }, { idempotent: true });
    const connect = () => {
      throw new Error("connected");
    };
    const transport = { ...memory(), connect };
    await expect(start(forgetful["~service"], { transport }, virtualRuntime())).rejects.toMatchObject({
      code: "missingDependency",
    });
  });
});
