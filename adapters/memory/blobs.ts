import { checkBlobName, type BlobStore, type OpenBlob } from "../../src/store/index.js";

/** Keeps large data in this process: for tests, demos and services of one process. A restart forgets everything. */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, { readonly bytes: Uint8Array; readonly expiresAtMs: number }>();
  return {
    name: "memory",
    put: async (name, content, { expiresAtMs, signal }) => {
      checkBlobName(name);
      blobs.set(name, { bytes: await collected(content, signal), expiresAtMs });
    },
    open: async (name) => {
      const kept = blobs.get(checkBlobName(name));
      return kept === undefined ? undefined : opened(kept.bytes);
    },
    delete: async (name) => void blobs.delete(checkBlobName(name)),
    sweep: async (nowMs) => {
      const expired = [...blobs].filter(([, { expiresAtMs }]) => expiresAtMs < nowMs);
      for (const [name] of expired) blobs.delete(name);
      return expired.length;
    },
  };
}

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
