import { stableId } from "../runtime/hash.js";
import type { Envelope } from "./envelope.js";

/** Why a message is sent again. */
export type CopyPurpose = "retry" | "park" | "redrive";

/**
 * The message id of a copy: deterministic, so that a copy which is sent again after a crash has the same one, and
 * never that of an earlier copy, which duplicate detection would swallow.
 *
 * Each id is made from the one before, so no counter has to be right for it.
 * @param addressedTo the one subscription or group that the copy is for.
 */
export const copyId = (envelope: Envelope, purpose: CopyPurpose, addressedTo = ""): string =>
  stableId(["waybill.copy", purpose, addressedTo, envelope.source, envelope.brokerId ?? envelope.id]);
