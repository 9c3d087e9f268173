import { AuthError } from "../security/auth-error.js";
import type { AuthSettings } from "../security/auth-settings.js";
import type { ConnectionClaims } from "../security/connection-claims.js";
import { parseResource, pathOf } from "../security/resource.js";
import { verifySasToken, type Grant } from "../security/sas-token.js";
import type { AmqpValue } from "./engine/engine.js";
import type { NodeRequest, NodeResponse } from "./node-message.js";
import { operations, type Answer } from "./request-reply.js";

export interface CbsOptions {
  /** Undefined: every token is accepted unread. */
  readonly auth: AuthSettings | undefined;
  /** Where accepted grants go. */
  readonly claims: ConnectionClaims;
  /** Whether there is something at a path of the namespace. */
  readonly exists: (path: string) => boolean;
}

/**
 * The `$cbs` node (claims-based security): clients put a token for each address before they attach to it.
 *
 * Statuses and texts as the service was seen to send them: 202; 404 for an unknown entity; 401 `InvalidSignature`,
 * `ExpiredToken`, `InvalidAudience`; 400 for what is missing or unknown in the request.
 */
export function cbsNode(options: CbsOptions): Answer {
  return operations(new Map([["put-token", (request) => putToken(request, options)]]));
}

function putToken(request: NodeRequest, options: CbsOptions): NodeResponse | Promise<NodeResponse> {
  const { auth, claims, exists } = options;
  const audience = textProperty(request, "name");
  const accept = (grant?: Grant): NodeResponse => {
    if (grant !== undefined) claims.put(grant);
    return exists(pathOf(audience))
      ? { statusCode: 202, statusDescription: "Accepted" }
      : entityNotFound(audience);
  };
  if (auth === undefined) return accept();
  const type = textProperty(request, "type");
  const token = tokenText(request.body);
  if (type === "jwt") return validateJwt(token, audience, auth).then(accept);
  if (type !== "servicebus.windows.net:sastoken") throw invalidProperty("type");
  const nowMs = (auth.wallMs ?? Date.now)();
  return accept(verifySasToken(token, { rules: auth.rules, audience, nowMs }));
}

async function validateJwt(token: string, audience: string, { validateJwt }: AuthSettings): Promise<Grant> {
  if (validateJwt === undefined) {
    throw new AuthError(
      401,
      "InvalidToken: This emulator checks tokens and has nobody to check one of type 'jwt' by. Use a connection " +
        "string with a key, give the emulator a validator, or start it without authentication.",
    );
  }
  const grant = await validateJwt(token, audience);
  return { ...grant, path: parseResource(grant.path).path };
}

function entityNotFound(audience: string): NodeResponse {
  return {
    statusCode: 404,
    statusDescription: `The messaging entity '${audience.slice(0, 500)}' could not be found. To know more visit https://aka.ms/sbResourceMgrExceptions.`,
    errorCondition: "amqp:not-found",
  };
}

function textProperty(request: NodeRequest, name: string): string {
  const value = request.applicationProperties.get(name);
  if (typeof value !== "string" || value === "") throw invalidProperty(name);
  return value;
}

function invalidProperty(name: string): AuthError {
  return new AuthError(
    400,
    `Property '${name}' in the 'application-properties' section is either missing, has the wrong type, or has an unexpected value.`,
  );
}

function tokenText(body: AmqpValue): string {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  throw new AuthError(400, "The body of the request must be the token, as a string.");
}
