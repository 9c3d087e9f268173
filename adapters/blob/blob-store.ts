import type { ContainerClient } from "@azure/storage-blob";
import type { BlobStore } from "../../src/store/index.js";
import { missing } from "./blob-errors.js";

/** Keeps large bodies in a blob container, one blob per name. Its life cycle rules, not Waybill, decide how long. */
export function blobStore(container: ContainerClient): BlobStore {
  return {
    name: `blob container "${container.containerName}"`,
    put: async (name, bytes) => {
      await container
        .getBlockBlobClient(name)
        .uploadData(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    },
    get: async (name) => {
      try {
        return await container.getBlockBlobClient(name).downloadToBuffer();
      } catch (error) {
        if (missing(error)) return undefined;
        throw error;
      }
    },
    delete: async (name) => {
      await container.getBlockBlobClient(name).deleteIfExists();
    },
  };
}
