import type { BlobStore } from "../store/blob-store.js";

/** A store that notes the bodies of messages that are put into it. Files are streamed, and not noted. */
export function rememberingBodies(inner: BlobStore, bodies: Map<string, Uint8Array>): BlobStore {
  const { sweep } = inner;
  return {
    name: inner.name,
    put: async (name, content, options) => {
      await inner.put(name, content, options);
      if (content instanceof Uint8Array) bodies.set(name, content);
    },
    open: (name, signal) => inner.open(name, signal),
    delete: (name) => inner.delete(name),
    ...(sweep === undefined ? {} : { sweep: sweep.bind(inner) }),
  };
}
