import { AmqpUuid } from "../engine/engine.js";

/**
 * A lock token as the tag of a delivery: 16 bytes in the order of .NET's Guid, whose first three parts are little-endian.
 * @param token In the usual form of a UUID.
 */
export function tagOf(token: string): Buffer {
  const bytes = bytesOf(token);
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** A lock token as the management door has it: in network order. */
export const uuidOf = (token: string): AmqpUuid => new AmqpUuid(bytesOf(token));

export function textOfUuid({ bytes }: AmqpUuid): string {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const bytesOf = (token: string): Buffer => Buffer.from(token.replaceAll("-", ""), "hex");
