import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import type { Parked, ParkStore, TakenParked } from "../../src/store/index.js";
import { conflicted, missing } from "./blob-errors.js";

/**
 * Keeps what consumers give up in a blob container, one blob each: `parked/<box>/<id>`. What is taken has a lease of a minute,
 * so a taker that dies gives it back.
 *
 * The container may hold checkpoints, too: theirs begin with the host name of a namespace, which `parked` is not.
 */
export function blobPark(container: ContainerClient): ParkStore {
  const prefixOf = (box: string): string => `parked/${box}/`;
  const blobOf = (box: string, id: string): BlockBlobClient =>
    container.getBlockBlobClient(`${prefixOf(box)}${id}`);
  return {
    name: `blob container "${container.containerName}"`,
    put: async (box, { id, bytes }) => {
      const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      try {
        await blobOf(box, id).upload(body, body.length, {
          conditions: { ifNoneMatch: "*" },
          blobHTTPHeaders: { blobContentType: "application/json" },
        });
      } catch (error) {
        if (!conflicted(error)) throw error;
      }
    },
    list: async (box, max) => {
      const found: Parked[] = [];
      const prefix = prefixOf(box);
      for await (const { name } of container.listBlobsFlat({ prefix })) {
        if (found.length >= max) break;
        const id = name.slice(prefix.length);
        // Of a box whose name begins with that of this one.
        if (id.includes("/")) continue;
        const bytes = await contentOf(blobOf(box, id));
        if (bytes !== undefined) found.push({ id, bytes });
      }
      return found;
    },
    take: (box, id) => take(blobOf(box, id), id),
    remove: (box, { id, lease }) =>
      unlessLost(() => blobOf(box, id).delete({ conditions: { leaseId: lease } })),
    release: async (box, { id, lease }) => {
      await unlessLost(() => blobOf(box, id).getBlobLeaseClient(lease).releaseLease());
    },
  };
}

async function take(blob: BlockBlobClient, id: string): Promise<TakenParked | undefined> {
  try {
    const { leaseId: lease } = await blob.getBlobLeaseClient().acquireLease(leaseSeconds);
    const bytes = await contentOf(blob);
    return bytes === undefined || lease === undefined ? undefined : { id, bytes, lease };
  } catch (error) {
    if (missing(error) || conflicted(error)) return undefined;
    throw error;
  }
}

/** The longest that ends by itself [Lease Blob]. */
const leaseSeconds = 60;

/** False if the blob is gone, or somebody else has it. */
async function unlessLost(operation: () => Promise<unknown>): Promise<boolean> {
  try {
    await operation();
    return true;
  } catch (error) {
    if (missing(error) || conflicted(error)) return false;
    throw error;
  }
}

async function contentOf(blob: BlockBlobClient): Promise<Uint8Array | undefined> {
  try {
    return await blob.downloadToBuffer();
  } catch (error) {
    if (missing(error)) return undefined;
    throw error;
  }
}
