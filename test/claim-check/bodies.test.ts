import { describe, expect, it } from "vitest";
import * as z from "zod";
import { deadLetter, delays, fixed, retry, service } from "waybill";
import { event, notifications, only, queue, stream, topic } from "waybill/contracts";
import { memoryBlobs, memoryDatabase, memoryIdempotency, memoryInbox } from "waybill/memory";
import type { BlobStore } from "waybill/store";
import { testBus } from "waybill/testing";

const Report = event("shop.report", {
  version: 1,
  schema: z.object({ id: z.string(), text: z.string() }),
  key: ({ id }) => id,
});
const Small = event("shop.small", { version: 1, schema: z.object({ id: z.string() }), key: ({ id }) => id });
const reports = queue("reports", { messages: { report: Report, small: Small } });
const archive = topic("archive", { messages: { report: Report } });
const trends = stream("trends", { messages: { report: Report }, partitions: 1 });
const notes = notifications("notes", { messages: { report: Report, small: Small } });

const large = { id: "r1", text: "x".repeat(300_000) };

/** A store that can be looked into, emptied, corrupted and stopped. */
function watchedStore() {
  const inner = memoryBlobs();
  const puts: { name: string; contentType: string; expiresAtMs: number }[] = [];
  const opens: string[] = [];
  const sweeps: number[] = [];
  const state = { down: false };
  const refuse = (): void => {
    if (state.down) throw new Error("connect ECONNREFUSED");
  };
  const store: BlobStore = {
    ...inner,
    put: async (name, content, options) => {
      refuse();
      puts.push({ name, contentType: options.contentType, expiresAtMs: options.expiresAtMs });
      await inner.put(name, content, options);
    },
    open: async (name) => {
      opens.push(name);
      refuse();
      return inner.open(name);
    },
    sweep: async (nowMs) => {
      sweeps.push(nowMs);
      refuse();
      return (await inner.sweep?.(nowMs)) ?? 0;
    },
  };
  const overwrite = (name: string, text: string): Promise<void> =>
    inner.put(name, Buffer.from(text), { contentType: "text/plain", expiresAtMs: 8.64e15 });
  return { store, puts, opens, sweeps, state, overwrite, delete: inner.delete };
}

const readsReports = (seen: unknown[], attempts = 3) =>
  service("reader")
    .sends(reports)
    .consume(
      reports,
      { report: ({ data }) => void seen.push(data), small: ({ data }) => void seen.push(data) },
      { retry: { attempts, backoff: fixed("1m") } },
    );

describe("a body that is too large for its transport", () => {
  it("is refused without a store, with the option to give", async () => {
    await using bus = await testBus(readsReports([]));
    const sending = bus.app().send(reports.report, large);
    await expect(sending).rejects.toMatchObject({ code: "tooLarge" });
    await expect(bus.deliver(reports.report, large)).rejects.toThrow("claimCheck");
  });

  it("travels as a reference to a blob, and reaches the handler whole", async () => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    await using bus = await testBus(readsReports(seen), { claimCheck: { store: watched.store } });
    const { outgoing } = await bus.deliver(reports.report, large);
    await bus.settle();
    expect(seen).toEqual([large]);
    const { body, dataRef, dataBytes, dataSha256, contentType } = outgoing.envelope;
    expect([body.byteLength, contentType]).toEqual([0, "application/json"]);
    expect(dataBytes).toBe(Buffer.byteLength(JSON.stringify(large)));
    expect(dataRef).toBe(`2026-01-15/${dataSha256}`);
    const { expiresAtMs, ...put } = watched.puts[0] ?? { expiresAtMs: 0 };
    expect(put).toEqual({ name: dataRef, contentType: "application/json" });
    expect(expiresAtMs).toBe(Date.UTC(2026, 0, 15));
    await bus.app().send(reports.report, large);
    await bus.settle();
    expect(bus.sent(reports.report)).toEqual([large]);
  });

  it.each([
    ["half of what the transport takes, unless it is told", undefined, 131_072],
    ["what it is told", 1_000, 1_000],
    ["never more than the transport takes", 5_000_000, 262_144],
  ])("is one of more bytes than %s", async (_, overBytes, limit) => {
    const watched = watchedStore();
    const claimCheck = { store: watched.store, ...(overBytes === undefined ? {} : { overBytes }) };
    await using bus = await testBus(readsReports([]), { claimCheck });
    const around = JSON.stringify({ id: "1", text: "" }).length;
    // Just below what the memory broker itself takes with headers, where the limit is that of the transport.
    const fits = limit === 262_144 ? limit - 2_000 : limit;
    await bus.deliver(reports.report, { id: "1", text: "x".repeat(fits - around) });
    expect(watched.puts).toEqual([]);
    await bus.deliver(reports.report, { id: "1", text: "x".repeat(limit + 1 - around) });
    expect(watched.puts).toHaveLength(1);
    await bus.settle();
  });

  it.each([
    [
      "a subscription",
      service("s")
        .sends(archive)
        .subscribe(archive, { report: () => undefined }),
      archive.report,
    ],
    [
      "a group of a stream",
      service("s")
        .sends(trends)
        .read(trends, { report: () => undefined }),
      trends.report,
    ],
    [
      "a listener",
      service("s")
        .sends(notes)
        .listen(notes, { report: () => undefined, small: "ignore" }),
      notes.report,
    ],
  ])("reaches %s", async (_, reader, target) => {
    // A notifications channel of the broker takes a megabyte.
    const data = { id: "r1", text: "x".repeat(1_200_000) };
    await using bus = await testBus(reader, { claimCheck: {} });
    await bus.deliver(target, data);
    await bus.settle();
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(1);
  });

  it("reaches batch handlers, and is sent from handlers", async () => {
    const seen: string[] = [];
    const forwards = service("forwards")
      .sends(archive)
      .consumeBatch(reports, {
        report: async (messages, ctx) => {
          for (const message of messages) await ctx.send(message, archive.report, message.data);
        },
        small: () => undefined,
      });
    const reads = service("reads").subscribe(archive, { report: ({ data }) => void seen.push(data.id) });
    await using bus = await testBus([forwards, reads], { claimCheck: {} });
    await bus.deliver(reports.report, large);
    await bus.deliver(reports.report, { ...large, id: "r2" });
    await bus.settle({ advance: "1s" });
    expect(seen.sort()).toEqual(["r1", "r2"]);
  });

  it("is not fetched for a message that no handler wants", async () => {
    const watched = watchedStore();
    const reader = service("s").listen(only(notes, "small"), { small: () => undefined });
    const ignores = service("i").listen(notes, { report: "ignore", small: () => undefined });
    const buries = service("b").consume(reports, { report: "deadLetter", small: () => undefined });
    await using bus = await testBus([reader, ignores, buries], { claimCheck: { store: watched.store } });
    await bus.deliver(notes.report, { id: "1", text: "x".repeat(1_200_000) });
    await bus.deliver(reports.report, large);
    await bus.settle();
    expect(watched.opens).toEqual([]);
    expect(bus.deadLetters(reports)).toMatchObject([{ reason: "Manual", data: large }]);
  });

  it("is the same blob when it is sent again, and another one for other data", async () => {
    const watched = watchedStore();
    const fails = service("s")
      .sends(archive)
      .consume(reports, {
        report: async ({ data }, ctx) => {
          await ctx.send(archive.report, { ...data, id: "copy" });
          if (ctx.attempt === 1) throw new Error("after the first send");
        },
        small: () => undefined,
      });
    await using bus = await testBus(fails, { claimCheck: { store: watched.store } });
    await bus.deliver(reports.report, large);
    await bus.settle({ advance: "1h" });
    const [own, first, second] = watched.puts.map(({ name }) => name);
    expect(second).toBe(first);
    expect(first).not.toBe(own);
  });

  it("is kept as long as its message may be scheduled", async () => {
    const later = queue("later", { messages: { report: Report }, scheduled: true });
    const watched = watchedStore();
    await using bus = await testBus(service("s").consume(later, { report: () => undefined }), {
      claimCheck: { store: watched.store, retention: "2d" },
    });
    await bus.deliver(later.report, large, { delay: "10d" });
    expect(watched.puts[0]?.expiresAtMs).toBe(Date.UTC(2026, 0, 13));
    await bus.settle({ advance: "11d" });
    expect(bus.events.filter(({ event }) => event === "handled")).toHaveLength(1);
  });

  it("beyond maxBytes is refused, by who sends and by who receives", async () => {
    await using small = await testBus(readsReports([]), { claimCheck: { maxBytes: 200_000 } });
    await expect(small.deliver(reports.report, large)).rejects.toMatchObject({ code: "tooLarge" });
    await expect(small.deliver(reports.report, large)).rejects.toThrow("claimCheck.maxBytes is 200000");
  });
});

describe("copies of a message whose data is elsewhere", () => {
  it("name the same blob, which is written once: retries, dead letters and redrives", async () => {
    const watched = watchedStore();
    const seen: string[] = [];
    let repaired = false;
    const reader = service("s").consume(
      reports,
      {
        report: ({ data }) => {
          seen.push(data.text);
          return repaired ? undefined : retry();
        },
        small: () => undefined,
      },
      { retry: { attempts: 3, backoff: fixed("1m") } },
    );
    await using bus = await testBus(reader, { claimCheck: { store: watched.store } });
    await bus.deliver(reports.report, large);
    await bus.settle({ advance: "1h" });
    const letters = bus.app().deadLetters(reports);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ reason: "MaxAttempts", attempts: 3, data: large });
    expect(letter?.body.byteLength).toBe(Buffer.byteLength(JSON.stringify(large)));
    repaired = true;
    if (letter !== undefined) await letters.redrive(letter);
    await bus.settle();
    expect(seen).toEqual(Array.from({ length: 4 }, () => large.text));
    expect(watched.puts).toHaveLength(1);
  });

  it("are edited as any other when they are redriven", async () => {
    const seen: unknown[] = [];
    const reader = service("s").consume(reports, {
      report: ({ data }) => (data.id === "r1" ? deadLetter("wrong id") : void seen.push(data)),
      small: () => undefined,
    });
    await using bus = await testBus(reader, { claimCheck: {} });
    await bus.deliver(reports.report, large);
    await bus.settle();
    const letters = bus.app().deadLetters(reports);
    const [letter] = await letters.peek();
    const edit = (data: unknown) => ({ ...(data as typeof large), id: "r2" });
    if (letter !== undefined) await letters.redrive(letter, { edit });
    await bus.settle();
    expect(seen).toEqual([{ ...large, id: "r2" }]);
  });
});

describe("idempotency of messages whose data is elsewhere", () => {
  const handles = (seen: string[]) =>
    service("s").consume(
      reports,
      { report: ({ data }) => void seen.push(data.text.slice(0, 1)), small: () => undefined },
      { idempotent: true },
    );

  it("handles one id once, and notices other data under it", async () => {
    const seen: string[] = [];
    await using bus = await testBus(handles(seen), { claimCheck: {} });
    const sent = await bus.deliver(reports.report, large, { id: "same" });
    await bus.settle();
    await bus.redeliver(sent);
    await bus.deliver(reports.report, { ...large, text: "y".repeat(300_000) }, { id: "same" });
    await bus.settle();
    expect(seen).toEqual(["x"]);
    expect(bus.deadLetters(reports)).toMatchObject([{ reason: "IdempotencyKeyReuse" }]);
  });

  it("holds in an inbox, which keeps what is sent as a reference", async () => {
    const database = memoryDatabase();
    const seen: string[] = [];
    const copies = service("s")
      .sends(archive)
      .consume(
        reports,
        {
          report: async ({ data }, ctx) => {
            seen.push(data.text.slice(0, 1));
            await ctx.send(archive.report, data);
          },
          small: () => undefined,
        },
        { inbox: memoryInbox(database) },
      );
    await using bus = await testBus(copies, { claimCheck: {} });
    await bus.deliver(reports.report, large, { id: "same" });
    await bus.settle();
    await bus.deliver(reports.report, { ...large, text: "y".repeat(300_000) }, { id: "same" });
    await bus.settle();
    expect(seen).toEqual(["x"]);
    expect(bus.sent(archive.report)).toEqual([large]);
    expect(bus.deadLetters(reports)).toMatchObject([{ reason: "IdempotencyKeyReuse" }]);
  });

  it("knows the data again when its sender's limit has changed", async () => {
    const seen: string[] = [];
    await using bus = await testBus(handles(seen), { claimCheck: { overBytes: 100 } });
    const data = { id: "r1", text: "x".repeat(200) };
    const inMessage = JSON.stringify(data);
    await bus.deliver(reports.report, data, { id: "same" });
    await bus.settle();
    const raw = { id: "same", type: "shop.report", version: 1, contentType: "application/json" };
    await bus.deliverRaw(reports, { ...raw, body: inMessage });
    await bus.settle();
    expect(seen).toEqual(["x"]);
    expect(bus.events.filter(({ event }) => event === "duplicate")).toHaveLength(1);
  });
});

/** F47 of the fault catalogue: what a message may say of its data, and what comes of it. */
describe("a message whose data cannot be had", () => {
  type Watched = ReturnType<typeof watchedStore>;
  type Refers = { dataRef?: string; dataBytes?: number; dataSha256?: string };
  const undecodable = (says: string) => ({
    reason: "Undecodable",
    description: expect.stringContaining(says) as string,
  });
  const likeIt = JSON.stringify({ ...large, text: "y".repeat(large.text.length) });
  const spoiled: readonly [
    string,
    (name: string, watched: Watched) => Promise<void> | Refers,
    object,
    number,
  ][] = [
    ["other bytes", (name, { overwrite }) => overwrite(name, likeIt), undecodable("its SHA-256 is"), 0],
    ["another size", (name, { overwrite }) => overwrite(name, "{}"), undecodable("it has 2 bytes"), 0],
    ["no blob", (name, watched) => watched.delete(name), { reason: "MaxAttempts", attempts: 3 }, 3],
    ["a path out of the store", () => ({ dataRef: "../../../etc/passwd" }), undecodable("no blob"), 0],
    ["an absolute path", () => ({ dataRef: "/etc/passwd" }), undecodable("no blob"), 0],
    ["a URL", () => ({ dataRef: "http://169.254.169.254/latest" }), undecodable("no blob"), 0],
    [
      "a name that is too long",
      () => ({ dataRef: `2026-01-15/${"a".repeat(30_000)}` }),
      undecodable("no blob"),
      0,
    ],
    ["a digest that is none", () => ({ dataSha256: "sha256" }), undecodable("gives no SHA-256"), 0],
    [
      "more than a receiver takes",
      () => ({ dataBytes: 2 ** 40 }),
      { reason: "TooLarge", description: expect.stringContaining("claimCheck.maxBytes") as string },
      0,
    ],
  ];

  it.each(spoiled)("with %s never reaches its handler", async (_, spoil, expected, retries) => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    await using bus = await testBus(readsReports(seen), { claimCheck: { store: watched.store } });
    const { outgoing } = await bus.deliver(reports.report, large, { id: "right" });
    const { envelope } = outgoing;
    const spoiling = spoil(envelope.dataRef ?? "", watched);
    if (spoiling instanceof Promise) await spoiling;
    else {
      await bus.settle();
      seen.length = 0;
      watched.opens.length = 0;
      await bus.redeliver({
        id: "w",
        channel: 'queue "reports"',
        outgoing: { envelope: { ...envelope, ...spoiling } },
      });
    }
    await bus.settle({ advance: "1h" });
    expect(seen).toEqual([]);
    expect(bus.deadLetters(reports)).toMatchObject([expected]);
    if (!(spoiling instanceof Promise)) expect(watched.opens).toEqual([]);
    else expect(watched.opens).toHaveLength(Math.max(1, retries));
    // Foreign text is bounded, and the reference stays.
    const [letter] = await bus.app().deadLetters(reports).peek();
    expect(letter?.description.length).toBeLessThan(1_000);
  });

  it("is handled after its blob was put back, and it was redriven", async () => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    await using bus = await testBus(readsReports(seen, 2), { claimCheck: { store: watched.store } });
    const { outgoing } = await bus.deliver(reports.report, large);
    const name = outgoing.envelope.dataRef ?? "";
    await watched.overwrite(name, "spoiled");
    await bus.settle({ advance: "1h" });
    const letters = bus.app().deadLetters(reports);
    const [letter] = await letters.peek();
    expect(letter).toMatchObject({ reason: "Undecodable", data: undefined });
    expect(letter?.description).toContain(`blob ${name} is not what the message says`);
    await watched.overwrite(name, JSON.stringify(large));
    if (letter !== undefined) await letters.redrive(letter);
    await bus.settle();
    expect(seen).toEqual([large]);
  });

  it("waits for a store that is down, and spends no attempt", async () => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    await using bus = await testBus(readsReports(seen), { claimCheck: { store: watched.store } });
    await bus.deliver(reports.report, large);
    watched.state.down = true;
    await bus.settle({ advance: "6h" });
    expect(bus.deadLetters()).toEqual([]);
    const waits = bus.events.filter((event) => event.event === "retryScheduled");
    expect(waits.length).toBeGreaterThan(100);
    expect(waits.every(({ counted }) => !counted)).toBe(true);
    watched.state.down = false;
    await bus.settle({ advance: "3h" });
    expect(seen).toEqual([large]);
  });

  it("waits for a store that does not answer, and is given up after a minute", async () => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    let hang: (() => Promise<never>) | undefined;
    const { open } = watched.store;
    const store: BlobStore = { ...watched.store, open: (name) => hang?.() ?? open(name) };
    await using bus = await testBus(readsReports(seen), { claimCheck: { store } });
    hang = () => bus.hang(new AbortController().signal);
    await bus.deliver(reports.report, large);
    await bus.settle({ advance: "90s" });
    expect(bus.events.filter(({ event }) => event === "retryScheduled")).toMatchObject([{ counted: false }]);
    hang = undefined;
    await bus.settle({ advance: "3h" });
    expect(seen).toEqual([large]);
  });

  it("is looked for no longer than a handler may run", async () => {
    const watched = watchedStore();
    const signals: AbortSignal[] = [];
    const store: BlobStore = {
      ...watched.store,
      open: (_name, signal = new AbortController().signal) => {
        signals.push(signal);
        return bus.hang(signal);
      },
    };
    const reader = service("s").consume(
      reports,
      { report: () => undefined, small: () => undefined },
      { maxLockRenewal: "20s" },
    );
    const bus = await testBus(reader, { claimCheck: { store } });
    await bus.deliver(reports.report, large);
    await bus.settle({ advance: "25s" });
    expect(signals[0]?.aborted).toBe(true);
    expect(bus.events.some(({ event }) => event === "handled")).toBe(false);
    await bus.stop({ leftovers: "ignore" });
  });

  it("is shown without it among the dead letters while the store is down, which is asked once", async () => {
    const watched = watchedStore();
    const buries = service("b").consume(reports, { report: "deadLetter", small: () => undefined });
    await using bus = await testBus(buries, { claimCheck: { store: watched.store } });
    for (const id of ["r1", "r2", "r3"]) await bus.deliver(reports.report, { ...large, id });
    await bus.settle();
    watched.state.down = true;
    const letters = bus.app().deadLetters(reports);
    const shown = await letters.peek();
    expect(shown.map(({ data, body }) => [data, body.byteLength])).toEqual(
      Array.from({ length: 3 }, () => [undefined, 0]),
    );
    expect(watched.opens).toHaveLength(1);
    const [letter] = shown;
    const edit = (data: unknown) => data as typeof large;
    if (letter !== undefined)
      await expect(letters.redrive(letter, { edit })).rejects.toMatchObject({ code: "storeFailed" });
    expect(await letters.peek()).toHaveLength(3);
  });

  it("waits for a service that has no store, which says once what it needs", async () => {
    await using sends = await testBus(readsReports([]), { claimCheck: {} });
    const sent = [await sends.deliver(reports.report, large), await sends.deliver(reports.report, large)];
    await sends.settle();
    const seen: unknown[] = [];
    await using bus = await testBus(readsReports(seen));
    for (const each of sent) await bus.redeliver(each);
    await bus.settle({ advance: "1h" });
    expect(seen).toEqual([]);
    expect(bus.deadLetters()).toEqual([]);
    const warnings = bus.events.filter((event) => event.event === "warning");
    expect(warnings).toHaveLength(1);
    expect(warnings[0]?.text).toContain("give run() the option claimCheck");
  });

  it("is not fetched for a dataref of somebody else: its data is in the message", async () => {
    const seen: unknown[] = [];
    const watched = watchedStore();
    await using bus = await testBus(readsReports(seen), { claimCheck: { store: watched.store } });
    const { outgoing } = await bus.deliver(reports.small, { id: "1" });
    await bus.settle();
    const envelope = { ...outgoing.envelope, dataRef: "https://example.com/data/1", id: "2" };
    await bus.redeliver({ id: "2", channel: 'queue "reports"', outgoing: { envelope } });
    await bus.settle();
    expect(seen).toEqual([{ id: "1" }, { id: "1" }]);
    expect(watched.opens).toEqual([]);
  });
});

describe("the retention of a claim check", () => {
  const start = (reader: Parameters<typeof testBus>[0], retention?: "1d" | "3d" | "30d" | "0s") =>
    testBus(reader, {
      idempotency: memoryIdempotency(),
      claimCheck: { store: memoryBlobs(), ...(retention === undefined ? {} : { retention }) },
    });
  const days = queue("days", { messages: { report: Report }, ttl: "20d" });

  it("ends by sweeping, once a day in a process that writes", async () => {
    const watched = watchedStore();
    await using bus = await testBus(readsReports([]), {
      claimCheck: { store: watched.store, retention: "2d" },
    });
    const { outgoing } = await bus.deliver(reports.report, large);
    await bus.deliver(reports.report, { ...large, id: "r2" });
    await bus.settle({ advance: "10d" });
    expect(watched.sweeps).toHaveLength(1);
    await bus.deliver(reports.report, { ...large, id: "r3" });
    await bus.settle();
    expect(watched.sweeps).toHaveLength(2);
    expect(await watched.store.open(outgoing.envelope.dataRef ?? "")).toBeUndefined();
  });

  it("covers the time to live of what is sent", async () => {
    const sender = service("s").sends(days);
    await expect(start(sender)).rejects.toThrow(
      'claimCheck.retention is 14 days, but messages of queue "days" live 20 days (its ttl): give "20d" or more',
    );
    await (await start(sender, "30d")).stop();
  });

  it("covers the time to live and the retries of what is read", async () => {
    const reader = service("s").consume(
      reports,
      { report: () => undefined, small: () => undefined },
      { retry: { attempts: 4, backoff: delays(["1d"]) } },
    );
    await expect(start(reader, "1d")).rejects.toThrow(
      '"s" may handle a message of queue "reports" after 0 days (its ttl) and 3 days of retries: give "3d" or more',
    );
    await (await start(reader, "3d")).stop();
  });

  it("covers the time to live that a send gives", async () => {
    await using bus = await start(service("s").sends(reports));
    const sending = bus.app().send(reports.report, large, { ttl: "15d" });
    await expect(sending).rejects.toThrow("raise claimCheck.retention, or lower ttl");
  });

  it("is a time, and limits are numbers of bytes", async () => {
    await expect(start(service("s").sends(reports), "0s")).rejects.toMatchObject({ code: "invalidOption" });
    const store = memoryBlobs();
    for (const bad of [{ overBytes: -1 }, { overBytes: 0.5 }, { maxBytes: Number.NaN }])
      await expect(
        testBus(service("s").sends(reports), { claimCheck: { store, ...bad } }),
      ).rejects.toMatchObject({ code: "invalidOption" });
  });
});
