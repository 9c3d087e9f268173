import { WaybillError } from "../errors.js";
import { startSha256 } from "../runtime/hash.js";
import type { OpenBlob } from "../store/blob-store.js";
import { answered, type Patience } from "./patience.js";
import type { Reference } from "./reference.js";

/**
 * The bytes of a blob, piece by piece, counted and digested as they pass: the end is only reached if they are what the
 * reference says. Never more than it says are given.
 * @throws {WaybillError} `payloadMismatch`; what the store throws; the signal's reason.
 */
export async function* verified(
  blob: OpenBlob,
  reference: Reference,
  patience: Patience,
): AsyncGenerator<Uint8Array, undefined> {
  if (blob.size !== reference.bytes) throw mismatch(reference, `it has ${String(blob.size)} bytes`);
  const hash = startSha256();
  let bytes = 0;
  const pieces = blob.read(patience.signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const piece = await answered(patience, `reading blob ${reference.name}`, () => pieces.next());
      if (piece.done === true) break;
      bytes += piece.value.byteLength;
      if (bytes > reference.bytes) throw mismatch(reference, "it has more bytes");
      hash.update(piece.value);
      yield piece.value;
    }
  } finally {
    // Not awaited: a store that does not answer must not hold who has given up on it.
    pieces.return?.().catch(() => undefined);
  }
  if (bytes !== reference.bytes) throw mismatch(reference, `${String(bytes)} bytes came`);
  const digest = hash.digest();
  if (digest !== reference.sha256) throw mismatch(reference, `its SHA-256 is ${digest}`);
  return undefined;
}

const mismatch = ({ name, bytes, sha256 }: Reference, is: string): WaybillError =>
  new WaybillError(
    "payloadMismatch",
    `blob ${name} is not what the message says: ${is}, the message says ${String(bytes)} bytes with SHA-256 ${sha256}. ` +
      "Put the right bytes back and redrive the message",
  );
