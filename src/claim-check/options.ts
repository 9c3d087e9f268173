import { WaybillError } from "../errors.js";
import { durationMs, type Duration } from "../runtime/duration.js";
import type { BlobStore } from "../store/blob-store.js";

/** What becomes of data that is too large for a message. */
export interface ClaimCheckOptions {
  /** Where it is kept. Senders and receivers of a channel must see the same blobs. */
  readonly store: BlobStore;
  /**
   * Bodies of more bytes than this go to the store; never more than the channel's transport takes. Default: half of that, because
   * headers need room and some transports carry base64.
   */
  readonly overBytes?: number;
  /** The largest body that is put into the store, or fetched into memory for a handler. Default 100 MiB. */
  readonly maxBytes?: number;
  /**
   * How long blobs are kept: longer than a message may still be delivered, redrives from dead letters included. Default 14 d.
   */
  readonly retention?: Duration;
}

/** The options, checked. */
export interface ClaimCheckSettings {
  readonly store: BlobStore;
  readonly overBytes: number | undefined;
  readonly maxBytes: number;
  readonly retentionMs: number;
}

/** @throws {WaybillError} `invalidOption` */
export function claimCheckSettings(options: ClaimCheckOptions): ClaimCheckSettings {
  const { store, overBytes, maxBytes = 100 * 1024 * 1024, retention = "14d" } = options;
  if (overBytes !== undefined) checkBytes("overBytes", overBytes);
  checkBytes("maxBytes", maxBytes);
  const retentionMs = durationMs(retention, "claimCheck.retention");
  if (retentionMs === 0) throw invalid(`claimCheck.retention is "${retention}": give a time above 0`);
  return { store, overBytes, maxBytes, retentionMs };
}

function checkBytes(name: string, bytes: number): void {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return;
  throw invalid(`claimCheck.${name} is ${String(bytes)}: give a whole number of bytes from 0 up`);
}

const invalid = (text: string): WaybillError => new WaybillError("invalidOption", text);
