import {
  certificateCodes,
  isWaybillError,
  redact,
  tellable,
  WaybillError,
  type ErrorClass,
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
 * What an error of the SDK means to the core. `doing` says what failed, `queue` which one was asked. The `cause` is the original
 * without its request and its response: the one has the signature in its address and the message in its body.
 */
export function mapError(error: unknown, doing: string, queue?: string): WaybillError {
  if (isWaybillError(error)) return tellable(error);
  const code = codeOf(error);
  const text = code === "notFound" && queue !== undefined ? missing(queue) : textOf(error);
  return mapped(code, `${doing}: ${text}`, error);
}

const missing = (queue: string): string =>
  `there is no queue "${queue}": create it, or give storageQueue() the option topology: "ensure"`;

/** What the application's factory threw: it has not asked the service, so a later call throws the same. */
export function mapFactoryError(error: unknown): WaybillError {
  if (isWaybillError(error)) return tellable(error);
  const text = `the factory given to storageQueue() made no client: ${textOf(error)}`;
  const code = codeOf(error);
  return mapped(code, text, error, code === "transportFailed" ? "config" : undefined);
}

function mapped(code: ErrorCode, text: string, error: unknown, errorClass = classOf(error)): WaybillError {
  const retryAfterMs = retryAfter(error);
  return tellable(
    new WaybillError(code, text, {
      cause: withoutRequest(error),
      ...(errorClass === undefined ? {} : { class: errorClass }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  );
}

/** Where it is not the one that the code usually has. */
function classOf(error: unknown): ErrorClass | undefined {
  const { code } = partsOf(error);
  return certificateCodes.some((known) => known === code) ? "config" : undefined;
}

/** The same for a send, where no answer does not mean that nothing was stored. */
export function mapSendError(error: unknown, doing: string): WaybillError {
  const failed = mapError(error, doing);
  if (!unanswered(failed) || neverSent.test(textOf(error))) return failed;
  return new WaybillError("ambiguousSend", failed.message, { cause: failed.cause });
}

/** The same for a settlement: without an answer the service may have done it, and the message may be gone or come again. */
export function mapSettleError(error: unknown, doing: string): WaybillError {
  const failed = mapError(error, doing);
  if (!unanswered(failed)) return failed;
  return new WaybillError("settleFailed", failed.message, { cause: failed.cause });
}

const unanswered = ({ code, class: errorClass }: WaybillError): boolean =>
  (code === "timeout" || code === "transportFailed") && errorClass !== "config";

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
  return redact(error instanceof Error ? error.message : String(error), maxTextLength);
}

const maxTextLength = 1_000;
