import { AuthError } from "../../security/auth-error.js";
import type { AuthSettings } from "../../security/auth-settings.js";
import { verifySasToken } from "../../security/sas-token.js";

/**
 * Checks that a request shows the right to manage: a shared access signature for its URL or something above it, or a
 * bearer token. Without settings everybody may.
 *
 * @throws {AuthError} 401, with Azure's texts
 */
export async function authorizeAdministration(
  auth: AuthSettings | undefined,
  request: { readonly url: string; readonly authorization: string | undefined },
): Promise<void> {
  if (auth === undefined) return;
  const { url, authorization = "" } = request;
  if (authorization === "") {
    throw new AuthError(401, "MissingToken: The authorization header was not found.");
  }
  const { rights } = await grantOf(auth, authorization, url);
  if (!rights.includes("Manage")) {
    throw new AuthError(401, "Manage,EntityWrite claims required for this operation.");
  }
}

async function grantOf(
  auth: AuthSettings,
  authorization: string,
  audience: string,
): Promise<{ readonly rights: readonly string[] }> {
  const bearer = /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    return verifySasToken(authorization, {
      rules: auth.rules,
      audience,
      nowMs: (auth.wallMs ?? Date.now)(),
    });
  }
  if (auth.validateJwt === undefined) {
    throw new AuthError(401, "InvalidToken: Tokens of Microsoft Entra are not accepted here.");
  }
  return auth.validateJwt(bearer, audience);
}
