import { dataOf } from "./decode-message.js";
import { MalformedMessage } from "./malformed-message.js";
import { scanSections } from "./sections.js";

/** The message-format of a transfer whose data sections each hold one encoded message. */
export const batchFormat = 0x80013700;

/**
 * The encoded messages of a batch, in order; none for an envelope without a body. The envelope's own sections repeat those
 * of the first message.
 *
 * @throws {MalformedMessage}
 */
export function splitBatch(payload: Buffer): Buffer[] {
  const sections = scanSections(payload);
  if (sections.bodyKind === "none") return [];
  if (sections.bodyKind !== "data") throw new MalformedMessage("A batch has to consist of data sections.");
  return dataOf(payload, sections);
}
