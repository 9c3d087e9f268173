/** Keeps large bodies outside the broker. */
export interface BlobStore {
  readonly name: string;
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** Answers `undefined` if there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>;
  delete(name: string): Promise<void>;
}
