import { describe, expect, it } from "vitest";
import { ClaimCheck } from "../../src/claim-check/claim-check.js";
import { claimCheckSettings } from "../../src/claim-check/options.js";
import { memoryBlobs } from "../../adapters/memory/index.js";
import { virtualRuntime, type VirtualRuntime } from "../../src/runtime/virtual-runtime.js";
import type { BlobStore } from "../../src/store/index.js";

const minute = 60_000;
const video = { contentType: "video/mp4" };

const pause = (runtime: VirtualRuntime, ms: number): Promise<void> =>
  new Promise((resolve) => void runtime.after(ms, resolve));

/** Uploads through a store with that `put`, for so many virtual minutes; says how it ended, and after how long. */
async function uploaded(
  runtime: VirtualRuntime,
  put: BlobStore["put"],
  content: Uint8Array | AsyncIterable<Uint8Array>,
  minutes: number,
) {
  const claimCheck = new ClaimCheck(claimCheckSettings({ store: { ...memoryBlobs(), put } }), runtime);
  const startedMs = runtime.now();
  let end: { readonly after: number; readonly how: unknown } | undefined;
  const ended = (how: unknown): void => void (end = { after: runtime.now() - startedMs, how });
  void claimCheck.upload(content, video).then(ended, ended);
  await runtime.drive({ target: startedMs + minutes * minute });
  return end;
}

async function* pieces(count: number, before: () => Promise<void>): AsyncGenerator<Uint8Array, undefined> {
  for (let n = 0; n < count; n += 1) {
    await before();
    yield Buffer.alloc(1_000, n);
  }
  return undefined;
}

const atOnce = (): Promise<void> => Promise.resolve();

describe("an upload", () => {
  it("is given up when the store takes nothing for two minutes, and the store is told to stop", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const hangs: BlobStore["put"] = (_name, _content, { signal }) => {
      signals.push(signal);
      return new Promise(() => undefined);
    };
    const end = await uploaded(virtualRuntime(), hangs, Buffer.from("x"), 10);
    expect(end).toMatchObject({
      after: 2 * minute,
      how: {
        code: "storeFailed",
        class: "dependencyDown",
        message: expect.stringMatching(/: nothing was taken for 120000 ms$/) as string,
      },
    });
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it("is given up two minutes after the last piece that was taken", async () => {
    const takesThree: BlobStore["put"] = async (_name, content) => {
      const taken = (content as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
      for (let n = 0; n < 3; n += 1) {
        await pause(runtime, minute);
        await taken.next();
      }
      return new Promise(() => undefined);
    };
    const runtime = virtualRuntime();
    const end = await uploaded(runtime, takesThree, pieces(5, atOnce), 60);
    expect(end).toMatchObject({ after: 5 * minute, how: { code: "storeFailed" } });
  });

  it.each([
    ["many pieces", () => pieces(100, atOnce), 100],
    ["one piece that is large", () => Buffer.alloc(1_000_000), 4],
  ])("takes as long as it goes on: %s", async (_, content, minutes) => {
    const runtime = virtualRuntime();
    const slow: BlobStore["put"] = async (_name, given) => {
      for await (const _piece of given as AsyncIterable<Uint8Array>) await pause(runtime, minute);
    };
    const end = await uploaded(runtime, slow, content(), 200);
    expect(end).toMatchObject({ after: minutes * minute, how: { contentType: "video/mp4" } });
  });

  it("waits for its content as long as that takes", async () => {
    const runtime = virtualRuntime();
    const live = pieces(3, () => pause(runtime, 60 * minute));
    const end = await uploaded(runtime, memoryBlobs().put, live, 300);
    expect(end).toMatchObject({ after: 180 * minute, how: { size: 3_000 } });
  });
});
