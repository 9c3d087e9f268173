import type { Attachment } from "../contracts/attachment.js";
import { WaybillError } from "../errors.js";
import type { Envelope } from "../message/envelope.js";
import { isBlobName } from "../store/blob-name.js";

/** A blob that a message names, and what must be in it. */
export interface Reference {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The fields of an envelope that say where its data is. */
export type DataFields = Required<Pick<Envelope, "dataRef" | "dataBytes" | "dataSha256">>;

/** Whether the data is in a claim check of Waybill. A `dataref` alone is of somebody else, and nobody's business here. */
export const isClaimChecked = ({ dataRef, dataBytes, dataSha256 }: Envelope): boolean =>
  dataRef !== undefined && (dataBytes !== undefined || dataSha256 !== undefined);

/** @throws {WaybillError} `undecodable` unless it is one that Waybill could have written. */
export const referenceOf = ({ id, dataRef, dataBytes, dataSha256 }: Envelope): Reference =>
  checked(`message ${id}`, dataRef, dataBytes, dataSha256);

/**
 * The blob of an attachment, which came in a message and may be anything.
 * @throws {WaybillError} `undecodable` unless it is one that `upload()` could have made.
 */
export function attachedReference(attachment: Attachment): Reference {
  const given: unknown = attachment;
  const { ref, size, sha256 } =
    typeof given === "object" && given !== null ? (given as Record<string, unknown>) : {};
  return checked("an attachment", ref, size, sha256);
}

function checked(of: string, name: unknown, bytes: unknown, sha256: unknown): Reference {
  if (typeof name !== "string" || !isBlobName(name)) {
    throw undecodable(
      `${of} names ${shown(name)} as the place of its data, which is no blob of a claim check: nothing was fetched`,
    );
  }
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0)
    throw undecodable(`${of} does not say how large its data in blob ${name} is`);
  if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256))
    throw undecodable(`${of} gives no SHA-256 of its data in blob ${name}`);
  return { name, bytes, sha256 };
}

/** Foreign text: short, and marked as text. */
const shown = (text: unknown): string =>
  typeof text === "string" ? JSON.stringify(text.slice(0, 100)) : typeof text;

const undecodable = (text: string): WaybillError => new WaybillError("undecodable", text);
