import { createHmac, timingSafeEqual } from "node:crypto";
import type { Right } from "../../../adapters/memory/broker/rights.js";
import type { AccessRule } from "./access-rule.js";
import { AuthError } from "./auth-error.js";
import { covers, parseResource } from "./resource.js";

/** What a token gives to who shows it. */
export interface Grant {
  /** Of the resource; see `covers`. */
  readonly path: string;
  readonly rights: readonly Right[];
  /** Milliseconds since 1970, on the machine's clock. */
  readonly expiresMs: number;
}

export interface SasCheck {
  readonly rules: readonly AccessRule[];
  /** What the token is to be used for, as a URI or a path. */
  readonly audience: string;
  /** The machine's time: clients make tokens by it. */
  readonly nowMs: number;
}

/**
 * Checks a shared access signature, `SharedAccessSignature sr=…&sig=…&se=…&skn=…`: its HMAC-SHA256 by the key of the rule
 * that it names, its expiry, and that its resource contains the audience. Texts are those of Azure Service Bus.
 *
 * @throws {AuthError} 401
 */
export function verifySasToken(token: string, { rules, audience, nowMs }: SasCheck): Grant {
  const { resource, expiry, signature, ruleName } = parseToken(token);
  const rule = rules.find(({ name }) => name === ruleName);
  // An unknown name costs as much time as a wrong key does.
  const genuine = sameSignature(signature, rule?.key ?? "", `${resource}\n${expiry}`);
  if (rule === undefined || !genuine) {
    throw new AuthError(401, "InvalidSignature: The token has an invalid signature.");
  }
  const expiresMs = Number(expiry) * 1000;
  if (!(expiresMs > nowMs)) {
    throw new AuthError(
      401,
      `ExpiredToken: The token is expired. Expiration time: '${timeText(expiresMs)}', Current time: '${timeText(nowMs)}'.`,
    );
  }
  const granted = parseResource(decode(resource));
  const wanted = parseResource(audience);
  const sameHost = granted.host === wanted.host || granted.host === "" || wanted.host === "";
  if (!sameHost || !covers(granted.path, wanted.path)) {
    throw new AuthError(
      401,
      "InvalidAudience: The authorization header contains a token with a wrong audience.",
    );
  }
  return { path: granted.path, rights: rule.rights, expiresMs };
}

interface SasParts {
  /** As it was signed: percent-encoded. */
  readonly resource: string;
  /** Seconds since 1970. */
  readonly expiry: string;
  readonly signature: string;
  readonly ruleName: string;
}

function parseToken(token: string): SasParts {
  const [scheme, rest] = token.slice(0, maxTokenLength).split(/\s+/, 2);
  const fields = new Map<string, string>();
  for (const part of (rest ?? "").split("&")) {
    const at = part.indexOf("=");
    if (at > 0) fields.set(part.slice(0, at), part.slice(at + 1));
  }
  const resource = fields.get("sr");
  const expiry = fields.get("se");
  const signature = fields.get("sig");
  const ruleName = fields.get("skn");
  const complete = resource && expiry && signature && ruleName;
  if (scheme !== "SharedAccessSignature" || !complete || !/^\d{1,12}$/.test(expiry)) {
    throw new AuthError(
      401,
      "MalformedToken: The token must have the form 'SharedAccessSignature sr=…&sig=…&se=…&skn=…'.",
    );
  }
  return { resource, expiry, signature: decode(signature), ruleName: decode(ruleName) };
}

const maxTokenLength = 16_384;

function sameSignature(signature: string, key: string, signed: string): boolean {
  const expected = createHmac("sha256", key).update(signed).digest();
  const given = Buffer.from(signature, "base64");
  const comparable = given.length === expected.length ? given : Buffer.alloc(expected.length);
  return timingSafeEqual(comparable, expected) && comparable === given;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function timeText(ms: number): string {
  return new Date(Math.min(ms, maxDateMs)).toISOString();
}

const maxDateMs = 8_640_000_000_000_000;
