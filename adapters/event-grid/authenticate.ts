import { createHash, timingSafeEqual } from "node:crypto";

/** Whether a request may be heard, by its head alone. A throw means that it could not be found out. */
export type Authenticate = (request: Pick<Request, "url" | "headers">) => boolean | Promise<boolean>;

/** Where a shared secret stands. */
export interface SharedSecretOptions {
  /** The header of the subscription's delivery properties that holds it. */
  readonly header?: string;
  /** The parameter of the endpoint's URL that holds it; URLs stand in logs. Default `"code"` without a header. */
  readonly parameter?: string;
}

/**
 * Knows callers by a secret of at least 16 characters, compared in a time that tells nothing of it.
 *
 * @param secrets those that are good at the moment: for a rotation the new and the old. Called for each request.
 */
export function sharedSecret(
  secrets: () => readonly string[],
  { header, parameter = header === undefined ? "code" : undefined }: SharedSecretOptions = {},
): Authenticate {
  return ({ url, headers }) => {
    const shown = [
      header === undefined ? null : headers.get(header),
      parameter === undefined ? null : new URL(url).searchParams.get(parameter),
    ];
    return shown.some((each) => each !== null && isOne(each, secrets()));
  };
}

/** Compares with each, whichever it is. */
function isOne(shown: string, secrets: readonly string[]): boolean {
  const digest = digestOf(shown);
  return secrets
    .filter((secret) => secret.length >= minLength)
    .map((secret) => timingSafeEqual(digestOf(secret), digest))
    .includes(true);
}

/** An empty or short setting is no secret. */
const minLength = 16;

const digestOf = (text: string): Buffer => createHash("sha256").update(text).digest();
