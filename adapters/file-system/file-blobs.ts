import { mkdir, open, readdir, rename, rm, rmdir, stat, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import {
  checkBlobName,
  dayOfBlob,
  isBlobName,
  lastDayOver,
  realRuntime,
  type BlobStore,
  type OpenBlob,
} from "../../src/store/index.js";

/**
 * Keeps large data in a directory, a folder per day: `<directory>/<yyyy-mm-dd>/<id>`. Several processes may share it, also over a
 * network file system that renames in one step.
 *
 * The directory is made by the first write. Until then, and while it is not mounted, reading fails: nothing counts as missing.
 *
 * A file is written beside the others and renamed when it is whole and on the disk, so nobody sees half of one. Sweeping removes
 * the folders of days that are over, and what writers that died have left.
 */
export function fileBlobs(directory: string): BlobStore {
  const { uuid } = realRuntime();
  const incoming = join(directory, "incoming");
  return {
    name: `directory "${directory}"`,
    put: async (name, content, { signal }) => {
      const path = join(directory, checkBlobName(name));
      await mkdir(incoming, { recursive: true });
      const draft = join(incoming, uuid("draft of a blob"));
      try {
        await write(draft, content, signal);
        await mkdir(join(directory, dayOfBlob(name)), { recursive: true });
        await rename(draft, path);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
    open: (name) => openFile(directory, incoming, checkBlobName(name)),
    delete: (name) => rm(join(directory, checkBlobName(name)), { force: true }),
    sweep: (nowMs) => sweep(directory, incoming, nowMs),
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

async function openFile(directory: string, incoming: string, name: string): Promise<OpenBlob | undefined> {
  const path = join(directory, name);
  try {
    const { size, version } = await look(path);
    return { size, read: (signal) => read(path, version, signal) };
  } catch (error) {
    if (!missing(error)) throw error;
    await checkStore(directory, incoming);
    return undefined;
  }
}

/**
 * A share that is not mounted leaves no directory, or an empty one: its files are not gone. Whoever has written there has left
 * the folder of what is being written.
 */
async function checkStore(directory: string, incoming: string): Promise<void> {
  try {
    await stat(incoming);
  } catch (error) {
    if (!missing(error)) throw error;
    const text = `directory "${directory}" is none that blobs were written to: mount it, or correct its path`;
    throw new Error(text, { cause: error });
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

/** Removes the files of days that are over, and drafts that nobody has written to for a day; nothing else. */
async function sweep(directory: string, incoming: string, nowMs: number): Promise<number> {
  let removed = 0;
  for (const day of await entriesOf(directory)) {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || day > lastDayOver(nowMs)) continue;
    for (const file of await entriesOf(join(directory, day))) {
      if (!isBlobName(`${day}/${file}`)) continue;
      await rm(join(directory, day, file), { force: true });
      removed += 1;
    }
    // Others may have removed it, or have something in it.
    await rmdir(join(directory, day)).catch(() => undefined);
  }
  for (const draft of await entriesOf(incoming)) {
    const path = join(incoming, draft);
    // It may have got its name meanwhile.
    const { mtimeMs = nowMs } = await stat(path).catch(() => ({ mtimeMs: undefined }));
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
