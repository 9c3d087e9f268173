import { mkdir, open, readdir, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import {
  checkBlobName,
  dayOfBlob,
  lastDayOver,
  realRuntime,
  type BlobStore,
  type OpenBlob,
  type Runtime,
} from "../../src/store/index.js";

/** Options for {@link fileBlobs}. */
export interface FileBlobsOptions {
  /** Default: the real one. */
  readonly runtime?: Runtime;
}

/**
 * Keeps large data in a directory, a folder per day: `<directory>/<yyyy-mm-dd>/<id>`. Several processes may share it, also over a
 * network file system that renames in one step.
 *
 * A file is written beside the others and renamed when it is whole and on the disk, so nobody sees half of one. The first put
 * of a new day removes the folders of days that are over, and what writers that died have left.
 */
export function fileBlobs(directory: string, options: FileBlobsOptions = {}): BlobStore {
  const { runtime = realRuntime() } = options;
  const incoming = join(directory, "incoming");
  const sweep = (nowMs: number): Promise<number> => sweepDays(directory, incoming, nowMs);
  return {
    name: `directory "${directory}"`,
    put: async (name, content, { signal }) => {
      const path = join(directory, checkBlobName(name));
      await mkdir(incoming, { recursive: true });
      const draft = join(incoming, runtime.uuid("draft of a blob"));
      try {
        await write(draft, content, signal);
        const newDay = await mkdir(join(directory, dayOfBlob(name)), { recursive: true });
        await rename(draft, path);
        // What is over is swept next time if it cannot be now: the blob is there.
        if (newDay !== undefined) await sweep(runtime.now()).catch(() => 0);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    open: (name) => openFile(join(directory, checkBlobName(name))),
    delete: (name) => rm(join(directory, checkBlobName(name)), { force: true }),
    sweep,
  };
}

async function write(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  signal?.throwIfAborted();
  const file = await open(path, "wx");
  try {
    if (content instanceof Uint8Array) await file.writeFile(content);
    else for await (const piece of content) await file.writeFile(piece);
    signal?.throwIfAborted();
    // On the disk before its name is, so that a machine that dies leaves no empty file.
    await file.sync();
  } finally {
    await file.close();
  }
}

async function openFile(path: string): Promise<OpenBlob | undefined> {
  try {
    const { size, version } = await look(path);
    return { size, read: (signal) => read(path, version, signal) };
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}

/** A file is its inode and when it was last written to: a rename over it gives another inode, a write into it another time. */
async function look(path: string | FileHandle): Promise<{ readonly size: number; readonly version: string }> {
  const { size, ino, mtimeNs } = await (typeof path === "string"
    ? stat(path, { bigint: true })
    : path.stat({ bigint: true }));
  return { size: Number(size), version: `${ino} ${mtimeNs}` };
}

/** Pieces of the same open file, so that a rename meanwhile does not matter. */
async function* read(
  path: string,
  version: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const file = await open(path, "r");
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafeSlow(pieceBytes));
      if ((await look(file)).version !== version) throw new Error(`${path} was changed while it was read`);
      if (bytesRead === 0) return undefined;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const pieceBytes = 262_144;

/** Removes the folders of days that are over, and drafts that nobody has written to for a day. */
async function sweepDays(directory: string, incoming: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const day of await entriesOf(directory)) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || day > lastDayOver(nowMs)) continue;
    removed += (await entriesOf(join(directory, day))).length;
    await rm(join(directory, day), { recursive: true, force: true });
  }
  for (const draft of await entriesOf(incoming)) {
    const path = join(incoming, draft);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < nowMs - draftMs) await rm(path, { force: true });
  }
  return removed;
}

const draftMs = 86_400_000;

async function entriesOf(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (missing(error)) return [];
    throw error;
  }
}

const missing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR");
