/** What a request says about itself before its body is read. */
export interface RequestHead {
  /** Absolute, or a path with its query. */
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The sender's present, for the expiry of a signature, in milliseconds since 1970. Default: the notifier's. */
  readonly nowMs?: number;
}

/**
 * Why a request may not use a topic with these keys, or undefined if it may. Without keys everybody may.
 *
 * Accepted: a key in the header or query `aeg-sas-key` or as `Authorization: SharedAccessKey …`, and a signature in the
 * header `aeg-sas-token` or as `Authorization: SharedAccessSignature r=…&e=…&s=…` (HMAC-SHA256 over the text before
 * `&s=`). Source: authenticate-with-access-keys-shared-access-signatures.md.
 */
export function authorizationComplaint(
  keys: readonly string[],
  head: RequestHead,
  nowMs: number,
): string | undefined {
  if (keys.length === 0) return undefined;
  const authorization = head.headers["authorization"] ?? "";
  const key =
    head.headers["aeg-sas-key"] ??
    queryValue(head.url, "aeg-sas-key") ??
    afterScheme(authorization, "SharedAccessKey");
  if (key !== undefined) {
    return keys.some((known) => isSameText(known, key))
      ? undefined
      : "The access key is not one of the topic's keys.";
  }
  const token = head.headers["aeg-sas-token"] ?? afterScheme(authorization, "SharedAccessSignature");
  if (token === undefined) return "Send an access key in aeg-sas-key, or a signature in aeg-sas-token.";
  return tokenComplaint(keys, token, nowMs);
}

function queryValue(url: string, name: string): string | undefined {
  const query = url.indexOf("?");
  return query < 0 ? undefined : (new URLSearchParams(url.slice(query + 1)).get(name) ?? undefined);
}

function afterScheme(authorization: string, scheme: string): string | undefined {
  const prefix = `${scheme} `.toLowerCase();
  return authorization.toLowerCase().startsWith(prefix)
    ? authorization.slice(prefix.length).trim()
    : undefined;
}

function tokenComplaint(keys: readonly string[], token: string, nowMs: number): string | undefined {
  const signatureAt = token.lastIndexOf("&s=");
  const parts = new URLSearchParams(token);
  const signature = decoded(token.slice(signatureAt + 3));
  if (signatureAt < 0 || signature === undefined) return "The shared access signature must read r=…&e=…&s=….";
  const signed = token.slice(0, signatureAt);
  if (!keys.some((key) => isSameText(signatureOf(signed, key), signature))) {
    return "The shared access signature was not made with one of the topic's keys.";
  }
  const expiresMs = expiry(parts.get("e") ?? "");
  return expiresMs > nowMs
    ? undefined
    : "The shared access signature has expired, or its time cannot be read.";
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function signatureOf(text: string, key: string): string {
  return process
    .getBuiltinModule("node:crypto")
    .createHmac("sha256", Buffer.from(key, "base64"))
    .update(text)
    .digest("base64");
}

/** Reads `6/15/2017 6:20:15 PM`, always UTC, or an ISO 8601 time. NaN if it is neither. */
function expiry(text: string): number {
  const parts = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d{2}):(\d{2}) (AM|PM)$/i.exec(text);
  if (parts === null) return Date.parse(text);
  const [month = 1, day = 1, year = 0, hour = 0, minutes = 0, seconds = 0] = parts.slice(1, 7).map(Number);
  const hours = (hour % 12) + (parts[7]?.toUpperCase() === "PM" ? 12 : 0);
  return Date.UTC(year, month - 1, day, hours, minutes, seconds);
}

function isSameText(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  if (left.length !== right.length) return false;
  // Loaded here: to load it costs more than the rest of the broker.
  return process.getBuiltinModule("node:crypto").timingSafeEqual(left, right);
}
