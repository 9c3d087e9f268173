import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as z from "zod";
import { fixed, service, type Attachment } from "waybill";
import { blobStore } from "waybill/blob";
import { command, queue } from "waybill/contracts";
import { memoryBlobs } from "waybill/memory";
import type { BlobStore } from "waybill/store";
import { testBus } from "waybill/testing";
import { Containers } from "../blob/containers.js";

const File = z.object({
  ref: z.string(),
  size: z.int(),
  sha256: z.string(),
  contentType: z.string(),
}) satisfies z.ZodType<Attachment>;
const Watch = command("media.watch", { version: 1, schema: z.object({ title: z.string(), file: File }) });
const screening = queue("screening", { messages: { watch: Watch } });

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

async function* pieces(count: number, bytes = 100_000): AsyncGenerator<Uint8Array, undefined> {
  for (let n = 0; n < count; n += 1) yield Buffer.alloc(bytes, n);
  return undefined;
}

const whole = Buffer.concat(Array.from({ length: 5 }, (_, n) => Buffer.alloc(100_000, n)));

async function joined(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const read: Uint8Array[] = [];
  for await (const piece of stream) read.push(piece);
  return Buffer.concat(read);
}

type Handler = (file: Attachment, download: () => Promise<ReadableStream<Uint8Array>>) => Promise<void>;

const cinema = (handle: Handler) =>
  service("cinema")
    .sends(screening)
    .consume(
      screening,
      { watch: ({ data }, ctx) => handle(data.file, () => ctx.download(data.file)) },
      { retry: { attempts: 2, immediate: 0, backoff: fixed("1m") } },
    );

describe("a file beside a message", () => {
  it.each([
    ["bytes", () => whole],
    ["an async iterable", () => pieces(5)],
    ["a web stream", () => ReadableStream.from(pieces(5))],
  ])("is uploaded from %s, travels as plain data, and is downloaded verified", async (_, content) => {
    const seen: Buffer[] = [];
    const watching = cinema(async (_file, download) => void seen.push(await joined(await download())));
    await using bus = await testBus(watching, { claimCheck: {} });
    const file = await bus.app().upload(content(), { contentType: "video/mp4" });
    expect(file).toMatchObject({ size: 500_000, sha256: sha256(whole), contentType: "video/mp4" });
    expect(Object.isFrozen(file)).toBe(true);
    await bus.app().send(screening.watch, { title: "Parcels", file });
    await bus.settle();
    expect(seen.map((bytes) => sha256(bytes))).toEqual([file.sha256]);
    expect(bus.sent(screening.watch)).toEqual([{ title: "Parcels", file }]);
  });

  it("may be empty", async () => {
    const seen: Buffer[] = [];
    const watching = cinema(async (_file, download) => void seen.push(await joined(await download())));
    await using bus = await testBus(watching, { claimCheck: {} });
    const file = await bus.app().upload(new Uint8Array(), { contentType: "text/plain" });
    await bus.app().send(screening.watch, { title: "Nothing", file });
    await bus.settle();
    expect(seen).toEqual([Buffer.alloc(0)]);
  });

  it("is never one that another upload has written", async () => {
    await using bus = await testBus(
      cinema(async () => undefined),
      { claimCheck: {} },
    );
    const [one, two] = [
      await bus.app().upload(pieces(1), { contentType: "video/mp4" }),
      await bus.app().upload(pieces(1), { contentType: "video/mp4" }),
    ];
    expect(one.ref).not.toBe(two.ref);
    expect(one.sha256).toBe(two.sha256);
  });

  it("is uploaded and downloaded by handlers, batches too", async () => {
    const cuts = queue("cuts", { messages: { watch: Watch } });
    const seen: string[] = [];
    const cutter = service("cutter")
      .sends(cuts)
      .consume(screening, {
        watch: async ({ data }, ctx) => {
          const file = await ctx.upload(await ctx.download(data.file), { contentType: "video/webm" });
          await ctx.send(cuts.watch, { title: data.title, file });
        },
      })
      .consumeBatch(cuts, {
        watch: async (messages, ctx) => {
          for (const { data } of messages) seen.push(sha256(await joined(await ctx.download(data.file))));
          await ctx.upload(pieces(1), { contentType: "video/webm" });
        },
      });
    await using bus = await testBus(cutter, { claimCheck: {} });
    const file = await bus.app().upload(pieces(3), { contentType: "video/mp4" });
    await bus.deliver(screening.watch, { title: "Parcels", file });
    await bus.settle({ advance: "1s" });
    expect(seen).toEqual([file.sha256]);
  });

  it("is not begun after the handler has ended, however its functions were taken", async () => {
    let late: (() => Promise<unknown>) | undefined;
    const watching = service("cinema")
      .sends(screening)
      .consume(screening, {
        watch: ({ data }, { download }) => {
          late = () => download(data.file);
        },
      });
    await using bus = await testBus(watching, { claimCheck: {} });
    const file = await bus.app().upload(pieces(1), { contentType: "video/mp4" });
    await bus.app().send(screening.watch, { title: "Parcels", file });
    await bus.settle();
    await expect(late?.()).rejects.toMatchObject({ code: "contextEnded" });
  });

  it("ends with the handler: nobody reads on, and nothing stays open", async () => {
    let left: ReadableStreamDefaultReader<Uint8Array> | undefined;
    let returned = 0;
    const inner = memoryBlobs();
    const store: BlobStore = {
      ...inner,
      open: async (name) => {
        const blob = await inner.open(name);
        return (
          blob && {
            ...blob,
            read: async function* (signal) {
              try {
                yield* blob.read(signal);
              } finally {
                returned += 1;
              }
            },
          }
        );
      },
    };
    const watching = cinema(async (_file, download) => {
      left = (await download()).getReader();
      await left.read();
    });
    await using bus = await testBus(watching, { claimCheck: { store } });
    const file = await bus.app().upload(pieces(5), { contentType: "video/mp4" });
    await bus.app().send(screening.watch, { title: "Parcels", file });
    await bus.settle();
    await expect(left?.read()).rejects.toMatchObject({ code: "contextEnded" });
    // Of the first pass, which verifies, and of the second.
    expect(returned).toBe(2);
  });
});

describe("a file that is not what its message says", () => {
  const over = { contentType: "video/mp4", expiresAtMs: 8.64e15 };
  const spoiled: readonly [string, (file: Attachment, store: BlobStore) => Promise<Attachment>, object][] = [
    [
      "other bytes",
      async (file, store) => {
        await store.put(file.ref, Buffer.alloc(file.size, 9), over);
        return file;
      },
      { reason: "Undecodable", attempts: 1 },
    ],
    [
      "fewer bytes",
      async (file, store) => {
        await store.put(file.ref, Buffer.alloc(file.size - 1), over);
        return file;
      },
      { reason: "Undecodable", attempts: 1 },
    ],
    [
      "no blob",
      async (file, store) => {
        await store.delete(file.ref);
        return file;
      },
      { reason: "MaxAttempts", attempts: 2 },
    ],
    [
      "a URL",
      async (file) => ({ ...file, ref: "http://localhost/x" }),
      { reason: "Undecodable", attempts: 1 },
    ],
    ["a path", async (file) => ({ ...file, ref: "../secret" }), { reason: "Undecodable", attempts: 1 }],
    ["no digest", async (file) => ({ ...file, sha256: "" }), { reason: "Undecodable", attempts: 1 }],
  ];

  it.each(spoiled)("with %s is never given to the handler", async (_, spoil, expected) => {
    let given = 0;
    const store = memoryBlobs();
    const watching = cinema(async (_file, download) => {
      await download();
      given += 1;
    });
    await using bus = await testBus(watching, { claimCheck: { store } });
    const file = await bus.app().upload(pieces(5), { contentType: "video/mp4" });
    await bus.deliver(screening.watch, { title: "Parcels", file: await spoil(file, store) });
    await bus.settle({ advance: "1h" });
    expect(given).toBe(0);
    expect(bus.deadLetters(screening)).toMatchObject([expected]);
  });

  it("is given up when the handler has to end", async () => {
    const inner = memoryBlobs();
    const ends: string[] = [];
    const store: BlobStore = { ...inner, open: () => bus.hang(new AbortController().signal) };
    const watching = service("cinema")
      .sends(screening)
      .consume(
        screening,
        {
          watch: ({ data }, ctx) =>
            ctx.download(data.file).then(
              () => undefined,
              (error: unknown) => {
                ends.push((error as { code: string }).code);
                throw error;
              },
            ),
        },
        { maxLockRenewal: "20s" },
      );
    const bus = await testBus(watching, { claimCheck: { store } });
    const file = await bus.app().upload(pieces(1), { contentType: "video/mp4" });
    await bus.app().send(screening.watch, { title: "Parcels", file });
    await bus.settle({ advance: "25s" });
    expect(ends[0]).toBe("handlerTimeout");
    await bus.stop({ leftovers: "ignore" });
  });

  it("waits while the store is down, and spends no attempt", async () => {
    let down = true;
    let given = 0;
    const inner = memoryBlobs();
    const store: BlobStore = {
      ...inner,
      open: (name) => (down ? Promise.reject(new Error("ECONNREFUSED")) : inner.open(name)),
    };
    const watching = cinema(async (_file, download) => {
      await download();
      given += 1;
    });
    await using bus = await testBus(watching, { claimCheck: { store } });
    const file = await bus.app().upload(pieces(5), { contentType: "video/mp4" });
    await bus.deliver(screening.watch, { title: "Parcels", file });
    await bus.settle({ advance: "2h" });
    expect(bus.deadLetters()).toEqual([]);
    down = false;
    await bus.settle({ advance: "2h" });
    expect(given).toBe(1);
  });
});

describe("an upload that fails", () => {
  it("says what the content failed with, and leaves nothing", async () => {
    const names: string[] = [];
    const inner = memoryBlobs();
    const store: BlobStore = {
      ...inner,
      put: async (name, ...rest) => {
        names.push(name);
        await inner.put(name, ...rest);
      },
    };
    await using bus = await testBus(
      cinema(async () => undefined),
      { claimCheck: { store } },
    );
    const broken = async function* (): AsyncGenerator<Uint8Array, undefined> {
      yield* pieces(3);
      throw new Error("the camera fell into the sea");
    };
    const options = { contentType: "video/mp4" };
    await expect(bus.app().upload(broken(), options)).rejects.toThrow("the camera fell into the sea");
    expect(names).toHaveLength(1);
    expect(await inner.open(names[0] ?? "")).toBeUndefined();
  });

  it("is given up when its signal fires", async () => {
    await using bus = await testBus(
      cinema(async () => undefined),
      { claimCheck: {} },
    );
    const abort = new AbortController();
    const endless = async function* (): AsyncGenerator<Uint8Array, undefined> {
      for (let n = 0; ; n += 1) {
        if (n === 3) abort.abort(new Error("enough"));
        yield Buffer.alloc(10);
      }
    };
    const options = { contentType: "video/mp4", signal: abort.signal };
    await expect(bus.app().upload(endless(), options)).rejects.toThrow("enough");
  });

  it("is the store's failure when the store fails", async () => {
    const store: BlobStore = { ...memoryBlobs(), put: () => Promise.reject(new Error("ENOSPC")) };
    await using bus = await testBus(
      cinema(async () => undefined),
      { claimCheck: { store } },
    );
    await expect(bus.app().upload(pieces(1), { contentType: "video/mp4" })).rejects.toMatchObject({
      code: "storeFailed",
      class: "dependencyDown",
    });
  });

  it("needs a store, a content type and bytes, and says so", async () => {
    await using bare = await testBus(cinema(async () => undefined));
    const options = { contentType: "video/mp4" };
    await expect(bare.app().upload(pieces(1), options)).rejects.toMatchObject({ code: "missingDependency" });
    await using bus = await testBus(
      cinema(async () => undefined),
      { claimCheck: {} },
    );
    for (const contentType of ["", "video", "video/mp4\r\nx-evil: 1", undefined])
      await expect(bus.app().upload(pieces(1), { contentType: contentType as string })).rejects.toMatchObject(
        { code: "invalidMessage" },
      );
    for (const content of ["text", 7, null, [1, 2]])
      await expect(bus.app().upload(content as unknown as Uint8Array, options)).rejects.toMatchObject({
        code: "invalidMessage",
      });
  });
});

describe("a download through Blob Storage", () => {
  let containers: Containers;
  beforeAll(async () => {
    containers = await Containers.start();
  });
  afterAll(() => containers.close());

  it("is of the bytes that were verified: what is put there meanwhile is not read", async () => {
    const container = await containers.next();
    const store = blobStore(container);
    const ends: string[] = [];
    const watching = cinema(async (file, download) => {
      const stream = await download();
      if (ends.length === 0) {
        const bytes = Buffer.alloc(file.size, 9);
        await store.put(file.ref, bytes, { contentType: "video/mp4", expiresAtMs: 8.64e15 });
      }
      try {
        ends.push(sha256(await joined(stream)));
      } catch (error) {
        ends.push((error as { code: string }).code);
        throw error;
      }
    });
    await using bus = await testBus(watching, { claimCheck: { store } });
    const file = await bus.app().upload(pieces(5), { contentType: "video/mp4" });
    await bus.app().send(screening.watch, { title: "Parcels", file });
    await bus.settle({ advance: "1h" });
    expect(ends).toEqual(["storeFailed"]);
    expect(bus.deadLetters(screening)).toMatchObject([{ reason: "Undecodable" }]);
  });
});
