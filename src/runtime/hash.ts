import { crypto } from "./crypto.js";

/**
 * A deterministic identifier of 128 bits (22 characters, base64url) over the parts, in order.
 *
 * Parts are length-prefixed, so `["a|b", "c"]` and `["a", "b|c"]` differ.
 */
export const stableId = (parts: readonly string[]): string =>
  crypto().hash("sha256", lengthPrefixed(parts), "base64url").slice(0, 22);

/** Joins the parts so that no two different lists give the same string. */
export const lengthPrefixed = (parts: readonly string[]): string =>
  parts.map((part) => `${String(part.length)}:${part}`).join("");

/** SHA-256 over the chunks, base64url. */
export function digest(...chunks: readonly (Uint8Array | string)[]): string {
  const [only] = chunks;
  if (only !== undefined && chunks.length === 1) return crypto().hash("sha256", only, "base64url");
  const whole = crypto().createHash("sha256");
  for (const chunk of chunks) whole.update(chunk);
  return whole.digest("base64url");
}
