import {
  isWaybillError,
  tellable,
  WaybillError,
  withoutSecrets,
  type ErrorCode,
} from "../../src/transport/index.js";

/** By the service's error code. Sources: "Queue Storage error codes" and "Common REST API error codes". */
export const codes: Readonly<Record<string, ErrorCode>> = {
  QueueNotFound: "notFound",
  ResourceNotFound: "notFound",
  QueueAlreadyExists: "alreadyExists",
  QueueBeingDeleted: "busy",
  QueueDisabled: "disabled",
  AccountIsDisabled: "disabled",
  // Somebody else has the message since, or has completed it.
  MessageNotFound: "lockLost",
  PopReceiptMismatch: "lockLost",
  MessageTooLarge: "tooLarge",
  RequestBodyTooLarge: "tooLarge",
  AuthenticationFailed: "unauthorized",
  AuthorizationFailure: "unauthorized",
  AuthorizationPermissionMismatch: "unauthorized",
  AuthorizationProtocolMismatch: "unauthorized",
  AuthorizationResourceTypeMismatch: "unauthorized",
  AuthorizationServiceMismatch: "unauthorized",
  AuthorizationSourceIPMismatch: "unauthorized",
  InsufficientAccountPermissions: "unauthorized",
  InvalidAuthenticationInfo: "unauthorized",
  NoAuthenticationInformation: "unauthorized",
  ServerBusy: "busy",
  OperationTimedOut: "timeout",
  InternalError: "transportFailed",
  InvalidInput: "invalidMessage",
  InvalidMarker: "invalidMessage",
  InvalidQueryParameterValue: "invalidMessage",
  InvalidResourceName: "invalidMessage",
  InvalidXmlDocument: "invalidMessage",
  OutOfRangeInput: "invalidMessage",
  OutOfRangeQueryParameterValue: "invalidMessage",
  // Of the client, not of the service.
  REQUEST_SEND_ERROR: "transportFailed",
};

/** By the name of an error that is none of the service's. */
export const names: Readonly<Record<string, ErrorCode>> = {
  AbortError: "cancelled",
  AuthenticationError: "unauthorized",
  AuthenticationRequiredError: "unauthorized",
  CredentialUnavailableError: "unauthorized",
  AggregateAuthenticationError: "unauthorized",
};

/** By the status of an answer whose code is not known. */
export const statuses: Readonly<Record<number, ErrorCode>> = {
  400: "invalidMessage",
  401: "unauthorized",
  403: "unauthorized",
  404: "notFound",
  408: "timeout",
  413: "tooLarge",
  429: "busy",
  503: "busy",
  504: "timeout",
};

/** Failed before a byte of the message left. */
const neverSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/**
 * What an error of the SDK means to the core. `doing` says what failed. The `cause` is the original without its request
 * and its response: the one has the signature in its address and the message in its body.
 */
export function mapError(error: unknown, doing: string): WaybillError {
  if (isWaybillError(error)) return tellable(error);
  const retryAfterMs = retryAfter(error);
  return tellable(
    new WaybillError(codeOf(error), `${doing}: ${textOf(error)}`, {
      cause: withoutRequest(error),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  );
}

/** The same for a send, where no answer does not mean that nothing was stored. */
export function mapSendError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || neverSent.test(textOf(error))) return mapped;
  return new WaybillError("ambiguousSend", mapped.message, { cause: mapped.cause });
}

/** The same for a settlement: without an answer the service may have done it, and the message may be gone or come again. */
export function mapSettleError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  if (mapped.code !== "timeout" && mapped.code !== "transportFailed") return mapped;
  return new WaybillError("settleFailed", mapped.message, { cause: mapped.cause });
}

function codeOf(error: unknown): ErrorCode {
  const { code, name, statusCode } = partsOf(error);
  if (typeof code === "string" && Object.hasOwn(codes, code)) return codes[code] ?? "transportFailed";
  if (typeof name === "string" && Object.hasOwn(names, name)) return names[name] ?? "transportFailed";
  return (typeof statusCode === "number" ? statuses[statusCode] : undefined) ?? "transportFailed";
}

function withoutRequest(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const { code, statusCode } = partsOf(error);
  const kept = new Error(textOf(error));
  kept.name = error.name;
  kept.stack = `${error.name}: ${textOf(error)}\n${(error.stack ?? "")
    .split("\n    at ")
    .slice(1, 20)
    .map((line) => `    at ${line}`)
    .join("\n")}`;
  return Object.assign(kept, { code, statusCode });
}

interface Parts {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly statusCode?: unknown;
  readonly response?: { readonly headers?: { get?(name: string): string | undefined } };
}

const partsOf = (error: unknown): Parts => (typeof error === "object" && error !== null ? error : {});

/** In whole seconds, as the service writes it; a date or nonsense is left out. */
function retryAfter(error: unknown): number | undefined {
  const text = partsOf(error).response?.headers?.get?.("retry-after");
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) * 1_000 : undefined;
}

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return withoutSecrets(text).slice(0, maxTextLength);
}

const maxTextLength = 1_000;
