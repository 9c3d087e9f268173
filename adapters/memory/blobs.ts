import {
  checkBlobName,
  realRuntime,
  WaybillError,
  type BlobStore,
  type OpenBlob,
  type Runtime,
} from "../../src/store/index.js";

/** Options for {@link memoryBlobs}. */
export interface MemoryBlobsOptions {
  /** Whose clock expiry goes by. Default: the real one. */
  readonly runtime?: Runtime;
}

/** Keeps large data in this process: for tests, demos and services of one process. A restart forgets everything. */
export function memoryBlobs(options: MemoryBlobsOptions = {}): BlobStore {
  const { runtime = realRuntime() } = options;
  const blobs = new Map<string, Kept>();
  let sweepAtMs = 0;

  const sweep = (nowMs: number): number => {
    const expired = [...blobs].filter(([, { expiresAtMs }]) => expiresAtMs < nowMs);
    for (const [name] of expired) blobs.delete(name);
    sweepAtMs = nowMs + betweenSweepsMs;
    return expired.length;
  };
  return {
    name: "memory",
    put: async (name, content, { expiresAtMs, signal }) => {
      checkBlobName(name);
      refuseExpired(expiresAtMs, runtime.now());
      const bytes = await collected(content, signal);
      if (runtime.now() >= sweepAtMs) sweep(runtime.now());
      blobs.set(name, { bytes, expiresAtMs });
    },
    open: async (name) => {
      const kept = blobs.get(checkBlobName(name));
      return kept === undefined || kept.expiresAtMs < runtime.now() ? undefined : opened(kept.bytes);
    },
    delete: async (name) => void blobs.delete(checkBlobName(name)),
    sweep: async (nowMs) => sweep(nowMs),
  };
}

/** A test in virtual time that gives no runtime would find nothing again, and wonder. */
function refuseExpired(expiresAtMs: number, nowMs: number): void {
  if (expiresAtMs >= nowMs) return;
  throw new WaybillError(
    "invalidOption",
    "what is put into memoryBlobs() has expired by its clock: in virtual time, let testBus() make the store (claimCheck: {}), or give memoryBlobs({ runtime })",
  );
}

interface Kept {
  readonly bytes: Uint8Array;
  readonly expiresAtMs: number;
}

/** A put looks for what has expired when the last look is that long ago. */
const betweenSweepsMs = 3_600_000;

/** Bytes of its own: the caller may write over the ones that it gave. */
async function collected(
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (content instanceof Uint8Array) return Buffer.from(content);
  const pieces: Uint8Array[] = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  signal?.throwIfAborted();
  return Buffer.concat(pieces);
}

/** What is put later under the name are other bytes. A reader gets copies, so that it cannot change what others read. */
const opened = (bytes: Uint8Array): OpenBlob => ({
  size: bytes.byteLength,
  read: async function* (signal) {
    for (let at = 0; at < bytes.byteLength; at += pieceBytes) {
      signal?.throwIfAborted();
      yield Buffer.from(bytes.subarray(at, at + pieceBytes));
    }
  },
});

const pieceBytes = 65_536;
