import { WaybillError } from "../errors.js";
import { startSha256 } from "../runtime/hash.js";

/** A file as an application gives it. */
export type UploadContent = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Passes pieces on, and knows afterwards how many bytes they were, and their digest. */
export class Measured implements AsyncIterable<Uint8Array> {
  readonly #content: UploadContent;
  readonly #signal: AbortSignal | undefined;
  readonly #hash = startSha256();
  /** What the content itself failed with: not the store's fault. */
  failure: { readonly error: unknown } | undefined;
  size = 0;

  constructor(content: UploadContent, signal: AbortSignal | undefined) {
    this.#content = content;
    this.#signal = signal;
  }

  /** To be called once, at the end. */
  sha256(): string {
    return this.#hash.digest();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    try {
      for await (const piece of piecesOf(this.#content)) {
        this.#signal?.throwIfAborted();
        checkPiece(piece);
        this.size += piece.byteLength;
        this.#hash.update(piece);
        yield piece;
      }
    } catch (error) {
      this.failure = { error };
      throw error;
    }
    return undefined;
  }
}

async function* piecesOf(content: UploadContent): AsyncGenerator<Uint8Array, undefined> {
  if (content instanceof Uint8Array) yield content;
  else if (typeof content === "object" && content !== null && Symbol.asyncIterator in content) yield* content;
  else throw noBytes(content);
  return undefined;
}

function checkPiece(piece: unknown): void {
  if (!(piece instanceof Uint8Array)) throw noBytes(piece);
}

const noBytes = (given: unknown): WaybillError =>
  new WaybillError(
    "invalidMessage",
    `an upload takes a Uint8Array, or a stream of them, and got ${typeof given}`,
  );
