import { WaybillError } from "../../src/transport/index.js";
import type { Authenticate } from "./authenticate.js";

/** Which tokens are good. */
export interface EntraTokenOptions {
  /** The tenant's id. */
  readonly tenant: string;
  /** What the subscription asks tokens for: the id or the URI of the application that stands for this webhook. */
  readonly audience: string;
  /** Applications that may call. Default: Event Grid's own, `4962773b-9cdb-44cf-a8bf-237846a00ab7`. */
  readonly clients?: readonly string[];
  /** Where the tenant's keys are. Default: at `login.microsoftonline.com`. */
  readonly keys?: URL;
}

/** The application `Microsoft.EventGrid` in the public cloud. Source: "Secure WebHook delivery with Microsoft Entra ID". */
const eventGridApplication = "4962773b-9cdb-44cf-a8bf-237846a00ab7";

/**
 * Knows callers by a bearer token of Microsoft Entra: its signature, time, issuer, audience and application. Needs the
 * package `jose`, which is loaded with the first request.
 */
export function entraToken(options: EntraTokenOptions): Authenticate {
  const { tenant, audience, clients = [eventGridApplication] } = options;
  const base = `https://login.microsoftonline.com/${tenant}`;
  const keysUrl = options.keys ?? new URL(`${base}/discovery/v2.0/keys`);
  const issuer = [`https://sts.windows.net/${tenant}/`, `${base}/v2.0`];
  let loaded: Promise<Verify> | undefined;
  return async ({ headers }) => {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(headers.get("authorization") ?? "") ?? [];
    if (token === undefined) return false;
    const verify = await (loaded ??= load(keysUrl, { issuer, audience }).catch((error: unknown) => {
      loaded = undefined;
      throw error;
    }));
    const { appid, azp } = (await verify(token)) ?? {};
    const client = azp ?? appid;
    return typeof client === "string" && clients.includes(client);
  };
}

/** The claims of a good token, nothing for a bad one. @throws when the keys cannot be had */
type Verify = (token: string) => Promise<Readonly<Record<string, unknown>> | undefined>;

async function load(
  keysUrl: URL,
  claims: { readonly issuer: string[]; readonly audience: string },
): Promise<Verify> {
  const { createRemoteJWKSet, errors, jwtVerify } = await importJose();
  const keys = createRemoteJWKSet(keysUrl);
  return async (token) => {
    try {
      const options = { ...claims, algorithms: ["RS256"], clockTolerance: 60, requiredClaims: ["exp"] };
      return (await jwtVerify(token, keys, options)).payload;
    } catch (error) {
      const isBad =
        error instanceof errors.JOSEError &&
        !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
        error.code !== "ERR_JOSE_GENERIC";
      if (isBad) return undefined;
      throw error;
    }
  };
}

async function importJose() {
  try {
    return await import("jose");
  } catch (cause) {
    throw new WaybillError(
      "missingDependency",
      "entraToken() checks tokens with the package jose: install it with `npm install jose`",
      { cause },
    );
  }
}
