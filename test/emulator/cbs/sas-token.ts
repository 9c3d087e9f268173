import { createHmac } from "node:crypto";

/** A shared access signature as Microsoft documents it, not by our own code. `expiry` in seconds since 1970. */
export function sasToken(
  { name, key }: { readonly name: string; readonly key: string },
  resource: string,
  expiry: number,
): string {
  const encoded = encodeURIComponent(resource);
  const signature = createHmac("sha256", key)
    .update(`${encoded}\n${String(expiry)}`)
    .digest("base64");
  return `SharedAccessSignature sr=${encoded}&sig=${encodeURIComponent(signature)}&se=${String(expiry)}&skn=${encodeURIComponent(name)}`;
}
