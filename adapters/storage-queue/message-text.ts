import { toStructuredJson, type Envelope } from "../../src/transport/index.js";

/** What the service takes of one message, as it is encoded [Put Message]. */
const maxTextBytes = 64 * 1024;

/** Bytes that base64 makes four thirds of. */
const maxBytes = (maxTextBytes / 4) * 3;

/** The largest message that is sent: a dead letter with the shortest record must still fit. */
export const maxSendBytes = maxBytes - 1_024;

/** A message in the service's spelling: base64, because XML takes not every text. */
export const textOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

/** An envelope as text, if it fits. */
export function fittingText(envelope: Envelope): string | undefined {
  const bytes = toStructuredJson(envelope);
  return bytes.byteLength > maxBytes ? undefined : textOf(bytes);
}

/** The bytes of a text: of what it encodes if it is base64, as producers of every kind write it, otherwise its own. */
export function bytesOf(text: string): Buffer {
  const encoded = text.length > 0 && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
  return encoded ? Buffer.from(text, "base64") : Buffer.from(text);
}
