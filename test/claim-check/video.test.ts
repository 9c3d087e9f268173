import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "waybill";
import { blobStore } from "waybill/blob";
import { fileBlobs } from "waybill/file-system";
import { memory } from "waybill/memory";
import type { BlobStore } from "waybill/store";
import {
  publish,
  studio,
  windowDresser,
  type ShopWindow,
} from "../../examples/tailwind-traders/services/media.js";
import { Containers } from "../blob/containers.js";

const mebibyte = 1024 * 1024;
const videoBytes = 48 * mebibyte;
const pieceBytes = mebibyte / 4;

let containers: Containers;
let folder: string;

beforeAll(async () => {
  containers = await Containers.start();
  folder = await mkdtemp(join(tmpdir(), "waybill-video-"));
});

afterAll(async () => {
  await containers.close();
  await rm(folder, { recursive: true, force: true });
});

/** Counts the bytes that have been handed out and have not arrived. */
class Meter {
  handedOut = 0;
  arrived = 0;
  peak = 0;

  handOut(bytes: number): void {
    this.handedOut += bytes;
    this.peak = Math.max(this.peak, this.handedOut - this.arrived);
  }
}

/** Something like a video: it does not compress and no two pieces are the same, but it is the same each time. */
function* frames(): Generator<Buffer, undefined> {
  let seed = Buffer.from("a red mug, from all sides");
  for (let at = 0; at < videoBytes; at += pieceBytes) {
    seed = createHash("sha256").update(seed).digest();
    const piece = Buffer.alloc(pieceBytes, seed);
    piece.writeUInt32BE(at, 0);
    yield piece;
  }
  return undefined;
}

const digestOf = (pieces: Iterable<Buffer>): string => {
  const hash = createHash("sha256");
  for (const piece of pieces) hash.update(piece);
  return hash.digest("hex");
};

/** A camera: films on and on, and is not asked for more than somebody takes. */
async function* filming(meter: Meter): AsyncGenerator<Uint8Array, undefined> {
  for (const frame of frames()) {
    meter.handOut(frame.length);
    yield frame;
  }
  return undefined;
}

/** A window that shows a video piece by piece, none too fast. */
function window(meter: Meter): ShopWindow & { readonly shown: Promise<string> } {
  let told: (digest: string) => void = () => undefined;
  const shown = new Promise<string>((resolve) => (told = resolve));
  return {
    shown,
    show: async (_stockCode, video) => {
      const hash = createHash("sha256");
      for await (const piece of video) {
        hash.update(piece);
        await new Promise((resolve) => setImmediate(resolve));
        meter.arrived += piece.byteLength;
      }
      told(hash.digest("hex"));
    },
  };
}

/** The store, which counts what it gives to readers. */
function metered(store: BlobStore, reading: Meter): BlobStore {
  let pass = 0;
  return {
    ...store,
    open: async (name, signal) => {
      const blob = await store.open(name, signal);
      if (blob === undefined) return undefined;
      const read = async function* (readSignal?: AbortSignal) {
        pass += 1;
        const verifies = pass % 2 === 1;
        for await (const piece of blob.read(readSignal)) {
          // What the first pass verifies is gone when the next piece is asked for.
          if (!verifies) reading.handOut(piece.byteLength);
          yield piece;
        }
      };
      return { size: blob.size, read };
    },
  };
}

/** The container, which counts the blocks that the service has. */
function staging(container: ContainerClient, uploading: Meter): ContainerClient {
  const getBlockBlobClient = (name: string): ReturnType<ContainerClient["getBlockBlobClient"]> => {
    const blob = container.getBlockBlobClient(name);
    const stageBlock = blob.stageBlock.bind(blob);
    blob.stageBlock = async (id, body, length, options) => {
      const answer = await stageBlock(id, body, length, options);
      uploading.arrived += length;
      return answer;
    };
    return blob;
  };
  return Object.assign(Object.create(container) as ContainerClient, { getBlockBlobClient });
}

/** The file, whose every piece is written when the next one is asked for. */
function writing(store: BlobStore, uploading: Meter): BlobStore {
  const passing = async function* (content: AsyncIterable<Uint8Array>) {
    for await (const piece of content) {
      yield piece;
      uploading.arrived += piece.byteLength;
    }
  };
  return {
    ...store,
    put: (name, content, options) =>
      store.put(name, content instanceof Uint8Array ? content : passing(content), options),
  };
}

const stores: readonly [string, number, (uploading: Meter) => Promise<BlobStore>][] = [
  [
    "Blob Storage",
    16 * mebibyte,
    async (uploading) => blobStore(staging(await containers.next(), uploading)),
  ],
  [
    "a directory",
    pieceBytes,
    (uploading) => Promise.resolve(writing(fileBlobs(join(folder, "blobs")), uploading)),
  ],
];

describe.each(stores)("a video of 48 MiB through %s", (_, uploadBound, create) => {
  it("arrives as it was filmed, with a bounded part of it in memory at a time", async () => {
    const [uploading, reading] = [new Meter(), new Meter()];
    const claimCheck = { store: metered(await create(uploading), reading) };
    const transport = memory();
    const shopWindow = window(reading);
    await using dresser = await run(windowDresser, { transport, claimCheck, deps: { shopWindow } });
    await using films = await run(studio, { transport, claimCheck });
    await publish(films, { stockCode: "21731", title: "A red mug" }, filming(uploading));
    expect(await shopWindow.shown).toBe(digestOf(frames()));
    expect(uploading.handedOut).toBe(videoBytes);
    expect(uploading.peak).toBeLessThanOrEqual(uploadBound);
    expect(reading.handedOut).toBe(videoBytes);
    expect(reading.peak).toBeLessThanOrEqual(2 * mebibyte);
    expect(dresser.health().state).toBe("ready");
  });

  it("comes from a file on the disk as well", async () => {
    const path = join(folder, "mug.mp4");
    const file = await open(path, "w");
    for (const frame of frames()) await file.write(frame);
    await file.close();
    const claimCheck = { store: await create(new Meter()) };
    const transport = memory();
    const shopWindow = window(new Meter());
    await using dresser = await run(windowDresser, { transport, claimCheck, deps: { shopWindow } });
    await using films = await run(studio, { transport, claimCheck });
    await publish(films, { stockCode: "21731", title: "A red mug" }, createReadStream(path));
    expect(await shopWindow.shown).toBe(digestOf(frames()));
    expect(dresser.health().state).toBe("ready");
  });

  it("is never shown when a byte of it is another", async () => {
    const store = await create(new Meter());
    const spoiling: BlobStore = {
      ...store,
      put: (name, content, options) =>
        store.put(name, content instanceof Uint8Array ? content : spoilt(content), options),
    };
    const transport = memory();
    let shown = 0;
    const shopWindow: ShopWindow = { show: async () => void (shown += 1) };
    let put: (reason: string) => void = () => undefined;
    const putAside = new Promise<string>((resolve) => (put = resolve));
    await using dresser = await run(windowDresser, {
      transport,
      claimCheck: { store },
      deps: { shopWindow },
      on: (event) => {
        if (event.event === "deadLettered") put(event.reason);
      },
    });
    await using films = await run(studio, { transport, claimCheck: { store: spoiling } });
    await publish(films, { stockCode: "21731", title: "A red mug" }, filming(new Meter()));
    expect(await putAside).toBe("Undecodable");
    expect(shown).toBe(0);
    expect(dresser.health().state).toBe("ready");
  });
});

/** Changes one bit, far into the video. */
async function* spoilt(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  let n = 0;
  for await (const piece of content) {
    n += 1;
    const copy = Buffer.from(piece);
    if (n === 150) copy.writeUInt8(copy.readUInt8(7) ^ 1, 7);
    yield copy;
  }
  return undefined;
}
