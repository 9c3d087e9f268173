import { mkdir, mkdtemp, readdir, rename, rm, rmdir, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blobStore } from "../../adapters/blob/index.js";
import { fileBlobs } from "../../adapters/file-system/index.js";
import { memoryBlobs } from "../../adapters/memory/index.js";
import { virtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { BlobStore } from "../../src/store/index.js";
import { Containers } from "../blob/containers.js";

let containers: Containers;
let folder: string;

beforeAll(async () => {
  containers = await Containers.start();
  folder = await mkdtemp(join(tmpdir(), "waybill-blobs-"));
});

afterAll(async () => {
  await containers.close();
  await rm(folder, { recursive: true, force: true });
});

const runtime = virtualRuntime();
const day = 86_400_000;
const inTwoWeeks = { contentType: "video/mp4", expiresAtMs: runtime.now() + 14 * day };
const name = "2026-01-15/0123456789abcdef";
const other = "2026-01-15/fedcba9876543210";

let folders = 0;
const stores: readonly [string, () => Promise<BlobStore>][] = [
  ["in memory", () => Promise.resolve(memoryBlobs())],
  [
    "in a directory",
    () => {
      folders += 1;
      return Promise.resolve(fileBlobs(join(folder, String(folders))));
    },
  ],
  ["in a blob container", async () => blobStore(await containers.next())],
];

async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array, undefined> {
  for (const text of texts) yield Buffer.from(text);
  return undefined;
}

async function textOf(store: BlobStore, of: string): Promise<string | undefined> {
  const blob = await store.open(of);
  return blob === undefined ? undefined : joined(blob.read());
}

async function joined(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const piece of bytes) read.push(piece);
  return Buffer.concat(read).toString();
}

describe.each(stores)("a store of large data %s", (_, create) => {
  it("gives back what was put, from bytes and from a stream, as often as it is asked", async () => {
    const store = await create();
    await store.put(name, Buffer.from("whole"), inTwoWeeks);
    await store.put(other, pieces("in ", "two pieces"), inTwoWeeks);
    expect(await textOf(store, name)).toBe("whole");
    const blob = await store.open(other);
    expect(blob?.size).toBe(13);
    for (let time = 0; time < 2; time += 1) expect(blob && (await joined(blob.read()))).toBe("in two pieces");
  });

  it("keeps an empty blob apart from none", async () => {
    const store = await create();
    await store.put(name, new Uint8Array(), inTwoWeeks);
    await store.put(other, pieces(), inTwoWeeks);
    expect([await textOf(store, name), await textOf(store, other)]).toEqual(["", ""]);
    expect((await store.open(name))?.size).toBe(0);
    await store.delete(name);
    await store.delete(name);
    expect(await store.open(name)).toBeUndefined();
  });

  it("takes the same blob again, and writes of one name at the same time", async () => {
    const store = await create();
    await Promise.all([1, 2, 3, 4].map(() => store.put(name, Buffer.from("the same"), inTwoWeeks)));
    expect(await textOf(store, name)).toBe("the same");
  });

  it("has nothing to show of an upload before it ends, nor of one that broke off", async () => {
    const store = await create();
    await store.put(other, Buffer.from("another"), inTwoWeeks);
    let open = await store.open(name);
    const broken = async function* (): AsyncGenerator<Uint8Array, undefined> {
      yield Buffer.alloc(5_000_000, 1);
      open = await store.open(name);
      yield Buffer.alloc(5_000_000, 2);
      throw new Error("the camera fell into the sea");
    };
    await expect(store.put(name, broken(), inTwoWeeks)).rejects.toThrow("the sea");
    expect([open, await store.open(name)]).toEqual([undefined, undefined]);
    await store.put(name, Buffer.from("before"), inTwoWeeks);
    await expect(store.put(name, broken(), inTwoWeeks)).rejects.toThrow("the sea");
    expect(await textOf(store, name)).toBe("before");
  });

  it("reads the blob that was opened, or fails: never a part of another", async () => {
    const store = await create();
    await store.put(name, Buffer.from("a".repeat(1_000_000)), inTwoWeeks);
    const blob = await store.open(name);
    await store.put(name, Buffer.from("b".repeat(1_000_000)), inTwoWeeks);
    const read = blob && (await joined(blob.read()).catch(() => "refused"));
    expect(["refused", "a".repeat(1_000_000)]).toContain(read);
  });

  it.each([
    "../../etc/passwd",
    "/etc/passwd",
    "2026-01-15/..",
    "http://169.254.169.254/latest",
    "",
    "a b",
    "2026-01-15\\x",
  ])("takes no name such as %j", async (bad) => {
    const store = await create();
    const refused = { code: "invalidOption" };
    await expect(async () => store.put(bad, Buffer.from("x"), inTwoWeeks)).rejects.toMatchObject(refused);
    await expect(async () => store.open(bad)).rejects.toMatchObject(refused);
    await expect(async () => store.delete(bad)).rejects.toMatchObject(refused);
  });

  it("ends a reading that is left early, and stops one when the signal fires", async () => {
    const store = await create();
    await store.put(name, Buffer.alloc(3_000_000, 7), inTwoWeeks);
    const blob = await store.open(name);
    if (blob === undefined) throw new Error("it is there");
    for await (const piece of blob.read()) {
      expect(piece[0]).toBe(7);
      break;
    }
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      for await (const _ of blob.read(abort.signal)) abort.abort(new Error("enough"));
    };
    await expect(read()).rejects.toThrow();
  });

  it("sweeps what has expired, and keeps the rest", async () => {
    const store = await create();
    const soon = { ...inTwoWeeks, expiresAtMs: runtime.now() + day };
    await store.put("2026-01-02/0123456789abcdef", Buffer.from("soon over"), soon);
    await store.put(name, Buffer.from("needed"), inTwoWeeks);
    expect(await store.sweep?.(runtime.now() + 5 * day)).toBe(1);
    expect(await store.open("2026-01-02/0123456789abcdef")).toBeUndefined();
    expect(await textOf(store, name)).toBe("needed");
  });
});

describe("a store in a directory", () => {
  it("sweeps drafts of writers that died, and leaves what is not its own", async () => {
    const directory = join(folder, "swept");
    const store = fileBlobs(directory);
    await store.put(name, Buffer.from("x"), inTwoWeeks);
    await writeFile(join(directory, "incoming", "left"), "half");
    await utimes(join(directory, "incoming", "left"), 0, 0);
    await writeFile(join(directory, "incoming", "being-written"), "half");
    await writeFile(join(directory, "readme.txt"), "not a day");
    await store.sweep?.(runtime.now() + 300 * day);
    expect((await readdir(directory)).sort()).toEqual(["incoming", "readme.txt"]);
    expect(await readdir(join(directory, "incoming"))).toEqual(["being-written"]);
  });

  it("fails while it is not mounted: only where blobs were written is one missing", async () => {
    const directory = join(folder, "share");
    const store = fileBlobs(directory);
    const says = `directory "${directory}" is none that blobs were written to: mount it, or correct its path`;
    await expect(store.open(name)).rejects.toThrow(says);
    await store.put(name, Buffer.from("x"), inTwoWeeks);
    expect(await store.open(other)).toBeUndefined();
    await rename(directory, `${directory}-elsewhere`);
    await expect(store.open(name)).rejects.toThrow(says);
    await mkdir(directory);
    await expect(store.open(name)).rejects.toThrow(says);
    await rmdir(directory);
    await rename(`${directory}-elsewhere`, directory);
    expect(await textOf(store, name)).toBe("x");
  });

  it("notices bytes that were changed in place after they were verified", async () => {
    const directory = join(folder, "changed");
    const store = fileBlobs(directory);
    await store.put(name, Buffer.from("right"), inTwoWeeks);
    const blob = await store.open(name);
    await writeFile(join(directory, name), "wrong");
    await expect(blob && joined(blob.read())).rejects.toThrow("was changed while it was read");
  });
});
