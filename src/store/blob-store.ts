/** How a blob is written. */
export interface BlobPutOptions {
  readonly contentType: string;
  /** The store keeps it until then at least, in milliseconds since the Unix epoch; it may drop it later, or never. */
  readonly expiresAtMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A blob as it was when it was opened. */
export interface OpenBlob {
  readonly size: number;
  /**
   * Its bytes, from the first one. Each call reads anew, and always the blob that was opened: where another has taken its
   * place meanwhile, the reading fails. Whoever stops early ends the reading by `return()`, as `for await` does.
   */
  read(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/**
 * Keeps what is too large for a message. Names are those that {@link checkBlobName} takes; the day that a name begins
 * with is the last on which the blob is needed.
 */
export interface BlobStore {
  readonly name: string;
  /**
   * Keeps bytes under a name, in place of what was there. In one step: until it resolves nobody reads any of them, and one that
   * fails leaves the name as it was. Streamed content is not held as a whole.
   */
  put(name: string, content: Uint8Array | AsyncIterable<Uint8Array>, options: BlobPutOptions): Promise<void>;
  /** Answers `undefined` if there is no such blob. Reads none of its bytes. */
  open(name: string, signal?: AbortSignal): Promise<OpenBlob | undefined>;
  /** Nothing happens if there is none. */
  delete(name: string): Promise<void>;
  /**
   * Removes what has expired before `nowMs`, if not at once then within days, and answers how many blobs. Called now and then by
   * every process that writes. Absent where the service removes them by itself.
   */
  sweep?(nowMs: number): Promise<number>;
}
