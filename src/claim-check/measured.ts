import { WaybillError } from "../errors.js";
import { startSha256 } from "../runtime/hash.js";
import type { Progress } from "./standstill.js";

/** A file as an application gives it. */
export type UploadContent = Uint8Array | AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>;

/** Passes pieces on, tells that it goes on, and knows afterwards how many bytes they were, and their digest. */
export class Measured implements AsyncIterable<Uint8Array> {
  readonly #content: UploadContent;
  readonly #progress: Progress;
  readonly #signal: AbortSignal;
  readonly #hash = startSha256();
  /** What the content itself failed with: not the store's fault. */
  failure: { readonly error: unknown } | undefined;
  size = 0;

  constructor(content: UploadContent, progress: Progress, signal: AbortSignal) {
    this.#content = content;
    this.#progress = progress;
    this.#signal = signal;
  }

  /** To be called once, at the end. */
  sha256(): string {
    return this.#hash.digest();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    const progress = this.#progress;
    try {
      progress.waiting();
      for await (const piece of piecesOf(this.#content)) {
        this.#signal.throwIfAborted();
        checkPiece(piece);
        this.size += piece.byteLength;
        this.#hash.update(piece);
        for (const part of partsOf(piece)) {
          progress.made();
          yield part;
        }
        progress.waiting();
      }
    } catch (error) {
      if (!this.#signal.aborted) this.failure = { error };
      throw error;
    } finally {
      progress.made();
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

/** A file that is given as one piece is taken in many: so it is seen that it goes on. */
function* partsOf(piece: Uint8Array): Generator<Uint8Array, undefined> {
  for (let at = 0; at < piece.byteLength; at += partBytes) yield piece.subarray(at, at + partBytes);
  return undefined;
}

const partBytes = 262_144;

function checkPiece(piece: unknown): void {
  if (!(piece instanceof Uint8Array)) throw noBytes(piece);
}

const noBytes = (given: unknown): WaybillError =>
  new WaybillError(
    "invalidMessage",
    `an upload takes a Uint8Array, or a stream of them, and got ${typeof given}`,
  );
