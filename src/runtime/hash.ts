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
  let most = 0;
  for (const chunk of chunks) most += typeof chunk === "string" ? chunk.length * 3 : chunk.length;
  if (most <= oneShotBytes) return crypto().hash("sha256", joined(chunks, most), "base64url");
  const whole = crypto().createHash("sha256");
  for (const chunk of chunks) whole.update(chunk);
  return whole.digest("base64url");
}

/** SHA-256, lower-case hexadecimal. */
export const sha256 = (bytes: Uint8Array): string => crypto().hash("sha256", bytes, "hex");

/** {@link sha256} of bytes that come one piece after the other. */
export interface Sha256 {
  update(chunk: Uint8Array): void;
  /** Ends it: to be called once. */
  digest(): string;
}

export function startSha256(): Sha256 {
  const hash = crypto().createHash("sha256");
  return { update: (chunk) => void hash.update(chunk), digest: () => hash.digest("hex") };
}

/** Up to so many bytes it is cheaper to copy the chunks together than to make a hash that takes them one by one. */
const oneShotBytes = 4096;

function joined(chunks: readonly (Uint8Array | string)[], most: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(most);
  let length = 0;
  for (const chunk of chunks) {
    if (typeof chunk === "string") length += bytes.write(chunk, length);
    else {
      bytes.set(chunk, length);
      length += chunk.length;
    }
  }
  return bytes.subarray(0, length);
}
