import { Readable } from "node:stream";
import type { BlobUploadCommonResponse, BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import {
  checkBlobName,
  dayOfBlob,
  isBlobName,
  lastDayOver,
  type BlobPutOptions,
  type BlobStore,
  type OpenBlob,
} from "../../src/store/index.js";
import { inContainer, missing } from "./blob-errors.js";

/**
 * Keeps large data in a blob container, one blob per name: `<yyyy-mm-dd>/<id>`.
 *
 * A body is one request; a stream is blocks of 4 MiB, two on their way at a time, and nothing of it can be read before the list
 * of them is committed. Sweeping needs the right to list and to delete blobs; without it, a lifecycle rule on the container
 * removes what has expired.
 */
export function blobStore(container: ContainerClient): BlobStore {
  const blobOf = (name: string): BlockBlobClient => container.getBlockBlobClient(checkBlobName(name));
  return {
    name: `blob container "${container.containerName}"`,
    put: async (name, content, options) => {
      const blob = blobOf(name);
      await inContainer(container, () => upload(blob, content, options));
    },
    open: async (name, signal) => {
      const blob = blobOf(name);
      return inContainer(container, () => openBlob(blob, signal));
    },
    delete: async (name) => {
      await blobOf(name).deleteIfExists();
    },
    sweep: (nowMs) => sweep(container, nowMs),
  };
}

function upload(
  blob: BlockBlobClient,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  { contentType, expiresAtMs, signal }: BlobPutOptions,
): Promise<BlobUploadCommonResponse> {
  const options = {
    blobHTTPHeaders: { blobContentType: contentType },
    // For people: the name says the day.
    metadata: { waybillexpires: new Date(expiresAtMs).toISOString() },
    ...(signal === undefined ? {} : { abortSignal: signal }),
  };
  if (content instanceof Uint8Array) return blob.upload(bufferOf(content), content.byteLength, options);
  return blob.uploadStream(Readable.from(buffersOf(content)), blockBytes, blocksAtATime, options);
}

/** The service takes 50,000 blocks: files up to 195 GiB. */
const blockBytes = 4 * 1024 * 1024;
const blocksAtATime = 2;

/** The client reads ahead, and looks at no signal between blocks. */
async function* buffersOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  for await (const piece of content) yield bufferOf(piece);
  return undefined;
}

const bufferOf = ({ buffer, byteOffset, byteLength }: Uint8Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);

async function openBlob(
  blob: BlockBlobClient,
  signal: AbortSignal | undefined,
): Promise<OpenBlob | undefined> {
  try {
    const { contentLength = 0, etag } = await blob.getProperties(abortedBy(signal));
    return { size: contentLength, read: (readSignal) => read(blob, etag, readSignal) };
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}

/** Of the etag that was opened: the service refuses the request once the blob is another. */
async function* read(
  blob: BlockBlobClient,
  etag: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, undefined> {
  const conditions = etag === undefined ? {} : { ifMatch: etag };
  const { readableStreamBody } = await blob.download(0, undefined, { ...abortedBy(signal), conditions });
  if (readableStreamBody === undefined) return undefined;
  // Leaving the loop early destroys the stream, which ends the response.
  for await (const piece of readableStreamBody) yield bufferOf(piece as Buffer);
  return undefined;
}

const abortedBy = (signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } =>
  signal === undefined ? {} : { abortSignal: signal };

async function sweep(container: ContainerClient, nowMs: number): Promise<number> {
  let removed = 0;
  for await (const { name } of container.listBlobsFlat()) {
    // In the order of names, and so of days: behind the first that is not over nothing is.
    if (dayOfBlob(name) > lastDayOver(nowMs)) break;
    if (isBlobName(name) && (await container.getBlockBlobClient(name).deleteIfExists()).succeeded)
      removed += 1;
  }
  return removed;
}
