import { describe, expect, it } from "vitest";
import { diagnosticsOf, lastLineOf } from "./diagnostics.js";

const head = `
  import { deadLetter, fixed, park, retry, run, service } from "waybill";
  import type { Transport } from "waybill/transport";
  import { command, event, notifications, only, queue, stream, topic } from "waybill/contracts";
  import type { Inbox } from "waybill/store";
  import { memory, memoryBlobs } from "waybill/memory";
  import { testBus } from "waybill/testing";
  import * as z from "zod";
  const Placed = event("t.placed", { version: 1, schema: z.object({ id: z.string(), channel: z.string().default("web") }), key: (o) => o.id });
  const Cancelled = event("t.cancelled", { version: 1, schema: z.object({ id: z.string() }), key: (o) => o.id });
  const Charge = command("t.charge", { version: 1, schema: z.object({ id: z.string(), pence: z.int() }) });
  const orders = topic("orders", { messages: { placed: Placed, cancelled: Cancelled }, ordered: "by-key" });
  const billing = queue("billing", { messages: { charge: Charge } });
  const delayed = queue("delayed", { messages: { charge: Charge }, scheduled: true });
  const sales = stream("sales", { messages: { placed: Placed, cancelled: Cancelled } });
  const shipments = notifications("shipments", { messages: { placed: Placed } });
  declare const pool: Inbox<{ query(sql: string): void }>;
  declare const all: Transport<"all", "queues" | "queues:scheduling" | "topics" | "topics:sessions" | "streams" | "notifications">;
  declare const queuesOnly: Transport<"queues-only", "queues">;
  const done = (): void => undefined;
`;

describe("what a service may say", { timeout: 60_000 }, () => {
  it("infers from end to end: input for senders, output for handlers, deps, and the transaction of an inbox", () => {
    const snippet = `${head}
      const s = service("s").needs<{ clock: { now(): number } }>().sends(billing, delayed)
        .subscribe(orders, {
          placed: async (msg, ctx) => {
            const channel: string = msg.data.channel;
            await ctx.send(billing.charge, { id: channel, pence: ctx.deps.clock.now() });
            await ctx.send(delayed.charge, { id: "1", pence: 1 }, { delay: "10m" });
          },
          cancelled: "ignore",
        }, { retry: { backoff: (n) => n } })
        .consume(billing, { charge: (msg, ctx) => { ctx.tx.query(msg.data.id); return retry({ after: "1m" }); } }, { inbox: pool })
        .read(sales, { placed: () => park("no") }, { others: "ignore", idempotent: { key: (m) => m.data.id } })
        .listen(only(shipments, "placed"), { placed: done });
      const app = await run(s, { transport: all, deps: { clock: { now: () => 1 } } });
      await app.send(billing.charge, { id: "1", pence: 1 });
      const bus = await testBus(s, { deps: { clock: { now: () => 1 } } });
      const sent: readonly { id: string; pence: number }[] = bus.sent(billing.charge);
      const first: string | undefined = sent[0]?.id;
      await bus.deliver(orders.placed, { id: first ?? "" });
      await run(service("sender").sends(orders), { transport: memory() });
    `;
    expect(diagnosticsOf(snippet)).toEqual([]);
  });

  it("carries files as plain data: an attachment fits the schema that says so, and comes back out of it", () => {
    const snippet = `${head}
      import type { Attachment } from "waybill/contracts";
      const File = z.object({ ref: z.string(), size: z.int(), sha256: z.string(), contentType: z.string() }) satisfies z.ZodType<Attachment>;
      const videos = queue("videos", { messages: { uploaded: event("t.video", { version: 1, schema: z.object({ video: File }) }) } });
      const shows = service("shows").consume(videos, {
        uploaded: async ({ data }, ctx) => {
          const stream: ReadableStream<Uint8Array> = await ctx.download(data.video);
          const copy: Attachment = await ctx.upload(stream, { contentType: "video/mp4" });
          for await (const piece of await ctx.download(copy)) piece.byteLength;
        },
      });
      const claimCheck = { store: memoryBlobs(), overBytes: 1000, retention: "30d" } as const;
      await run(shows, { transport: memory(), claimCheck });
      await testBus(shows, { claimCheck: {} });
      const app = await run(service("films").sends(videos), { transport: memory(), claimCheck });
      await app.send(videos.uploaded, { video: await app.upload(new Uint8Array(3), { contentType: "video/mp4" }) });
    `;
    expect(diagnosticsOf(snippet)).toEqual([]);
  });

  it("accepts a transport for each kind, and a function of the channel", () => {
    const snippet = `${head}
      const s = service("s").sends(billing).subscribe(orders, { placed: done, cancelled: done });
      await run(s, { transport: { queues: queuesOnly, topics: all } });
      await run(s, { transport: (channel) => channel.kind === "queue" ? queuesOnly : all });
    `;
    expect(diagnosticsOf(snippet)).toEqual([]);
  });
});

describe("the last line of a refusal", { timeout: 60_000 }, () => {
  const s = `const s = service("s").sends(billing)`;

  it.each<[string, string, string | RegExp]>([
    [
      "a channel kind that the transport lacks",
      `await run(service("s").read(sales, { placed: done, cancelled: done }), { transport: queuesOnly });`,
      /✗ queues-only has no streams/,
    ],
    [
      "sessions that the transport lacks",
      `declare const plain: Transport<"plain", "topics">;
       await run(service("s").subscribe(orders, { placed: done, cancelled: done }), { transport: plain });`,
      /✗ plain has no topics:sessions/,
    ],
    [
      "scheduling that the transport of one kind lacks",
      `await run(service("s").sends(delayed), { transport: { queues: queuesOnly } });`,
      /✗ queues-only has no queues:scheduling/,
    ],
    [
      "a kind for which no transport is given",
      `await run(service("s").sends(delayed, sales), { transport: { queues: all } });`,
      /✗ no transport is given for streams/,
    ],
    [
      "a transport chosen at run time that lacks something in one branch",
      `await run(service("s").sends(delayed), { transport: Math.random() > 0.5 ? all : queuesOnly });`,
      /✗ queues-only has no queues:scheduling/,
    ],
    [
      "a missing handler",
      `service("s").subscribe(orders, { placed: done });`,
      /Property 'cancelled' is missing/,
    ],
    [
      "a missing handler beside an option with a callback",
      `service("s").subscribe(orders, { placed: done }, { idempotent: { key: (m) => m.id } });`,
      /Property 'cancelled' is missing/,
    ],
    [
      "ignoring a command",
      `service("s").consume(billing, { charge: "ignore" });`,
      /Type '"ignore"' is not assignable/,
    ],
    [
      "a handler for a message that the channel lacks",
      `service("s").consume(billing, { charge: done, refund: done });`,
      /'refund' does not exist/,
    ],
    [
      "a send to an undeclared channel",
      `${s}.consume(delayed, { charge: (_m, ctx) => { void ctx.send(orders.placed, { id: "1" }); } });`,
      `Type '"orders"' is not assignable to type '"billing"'.`,
    ],
    [
      "a send from a service that declares none",
      `service("s").consume(delayed, { charge: (_m, ctx) => { void ctx.send(orders.placed, { id: "1" }); } });`,
      `Type '"orders"' is not assignable to type 'never'.`,
    ],
    [
      "wrong data",
      `${s}.consume(delayed, { charge: (_m, ctx) => { void ctx.send(billing.charge, { id: "1", pence: "2" }); } });`,
      `Type 'string' is not assignable to type 'number'.`,
    ],
    [
      "a delay on a channel that is not scheduled",
      `${s}.consume(delayed, { charge: (_m, ctx) => { void ctx.send(billing.charge, { id: "1", pence: 2 }, { delay: "1m" }); } });`,
      `Object literal may only specify known properties, and 'delay' does not exist in type 'SendOptions'.`,
    ],
    [
      "a settlement of another kind",
      `service("s").read(sales, { placed: () => deadLetter("no"), cancelled: done });`,
      /DeadLetter.*is not assignable|'"deadLetter"' is not assignable/,
    ],
    [
      "a handler that returns data",
      `service("s").consume(billing, { charge: () => 5 });`,
      /'number' is not assignable/,
    ],
    [
      "ctx.tx without an inbox",
      `service("s").consume(billing, { charge: (_m, ctx) => { ctx.tx; } });`,
      /Property 'tx' does not exist/,
    ],
    [
      "missing deps",
      `await run(service("s").needs<{ clock: string }>().sends(billing), { transport: all });`,
      /Property 'deps' is missing/,
    ],
    [
      "missing deps of a test",
      `await testBus(service("s").needs<{ clock: string }>());`,
      /Expected 2 arguments|Property 'deps' is missing/,
    ],
    [
      "app.send to a channel that is not declared",
      `const app = await run(service("s").sends(billing), { transport: all }); await app.send(orders.placed, { id: "1" });`,
      `Type '"orders"' is not assignable to type '"billing"'.`,
    ],
    [
      "a queue where a topic belongs",
      `service("s").subscribe(billing, { charge: done });`,
      /'"queue"' is not assignable to type '"topic"'/,
    ],
    [
      "a claim check without a store",
      `await run(service("s").sends(billing), { transport: all, claimCheck: {} });`,
      /Property 'store' is missing/,
    ],
    [
      "an upload without a content type",
      `const app = await run(service("s").sends(billing), { transport: all }); await app.upload(new Uint8Array(), {});`,
      /Property 'contentType' is missing/,
    ],
    [
      "an upload of text",
      `const app = await run(service("s").sends(billing), { transport: all }); await app.upload("text", { contentType: "text/plain" });`,
      /Argument of type '"text"'|Type 'string' is not assignable|string.* is not assignable/,
    ],
    [
      "a download of what is no attachment",
      `service("s").consume(billing, { charge: async ({ data }, ctx) => { await ctx.download(data); } });`,
      /is missing the following properties from type 'Attachment'/,
    ],
    [
      "a wrong duration",
      `service("s").consume(billing, { charge: done }, { maxLockRenewal: "10 minutes" });`,
      /Type '"10 minutes"' is not assignable to type/,
    ],
    [
      "a wrong back-off",
      `service("s").consume(billing, { charge: done }, { retry: { backoff: fixed(10) } });`,
      /'10' is not assignable to parameter of type/,
    ],
  ])("names %s", (_name, snippet, expected) => {
    const line = lastLineOf(`${head}${snippet}`);
    if (typeof expected === "string") expect(line).toBe(expected);
    else expect(line).toMatch(expected);
  });
});
