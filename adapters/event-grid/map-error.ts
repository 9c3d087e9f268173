import {
  certificateCodes,
  isWaybillError,
  redact,
  tellable,
  WaybillError,
  type ErrorClass,
  type ErrorCode,
} from "../../src/transport/index.js";

/** By the code of the service's answer. Sources: "Publish events to custom topics", REST 2024-06-01. */
export const codes: Readonly<Record<string, ErrorCode>> = {
  BadRequest: "invalidMessage",
  Unauthorized: "unauthorized",
  Forbidden: "unauthorized",
  NotFound: "notFound",
  Gone: "notFound",
  PayloadTooLarge: "tooLarge",
  RequestEntityTooLarge: "tooLarge",
  QuotaExceeded: "quotaExceeded",
  TooManyRequests: "busy",
  ServerBusy: "busy",
  ServiceUnavailable: "busy",
  RequestTimeout: "timeout",
  GatewayTimeout: "timeout",
  InternalError: "transportFailed",
  InternalServerError: "transportFailed",
  // Of one lock token: somebody else has the event since, or it was settled.
  BadToken: "lockLost",
  TokenLost: "lockLost",
  // Of the client, not of the service.
  REQUEST_SEND_ERROR: "transportFailed",
  PARSE_ERROR: "transportFailed",
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
  410: "notFound",
  413: "tooLarge",
  429: "busy",
  503: "busy",
  504: "timeout",
};

/** What to change, beside what failed, which names the topic and the subscription. */
const hints: Readonly<Partial<Record<ErrorCode, string>>> = {
  notFound:
    ": create what is named there, or have eventGrid() make clients for the endpoint, the topic and the subscription that there are",
};

/** Failed before a byte of the event left. */
const neverSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH/;

/**
 * What an error of the SDK means to the core. `doing` says what failed. The cause is what the error says of itself, without
 * its request and response: their headers hold keys and tokens.
 */
export function mapError(error: unknown, doing: string): WaybillError {
  if (isWaybillError(error)) return tellable(error);
  const retryAfterMs = retryAfter(error);
  const code = codeOf(error);
  const errorClass = certificateClass(error);
  return tellable(
    new WaybillError(code, `${doing}: ${textOf(error)}${hints[code] ?? ""}`, {
      cause: withoutRequest(error),
      ...(errorClass === undefined ? {} : { class: errorClass }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  );
}

/** The same for a send, where no answer does not mean that nothing was stored. */
export function mapSendError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || mapped.class === "config" || neverSent.test(textOf(error))) return mapped;
  return new WaybillError("ambiguousSend", mapped.message, { cause: mapped.cause });
}

/** The same for a settlement: without an answer the service may have done it, and the event may be gone or come again. */
export function mapSettleError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || mapped.class === "config") return mapped;
  return new WaybillError("settleFailed", mapped.message, { cause: mapped.cause });
}

function codeOf(error: unknown): ErrorCode {
  const { code, name, statusCode } = partsOf(error);
  if (typeof code === "string" && Object.hasOwn(codes, code)) return codes[code] ?? "transportFailed";
  if (typeof name === "string" && Object.hasOwn(names, name)) return names[name] ?? "transportFailed";
  return (typeof statusCode === "number" ? statuses[statusCode] : undefined) ?? "transportFailed";
}

function certificateClass(error: unknown): ErrorClass | undefined {
  const { code } = partsOf(error);
  return certificateCodes.some((known) => known === code) ? "config" : undefined;
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

function withoutRequest(error: unknown): Error {
  const { code, name, statusCode } = partsOf(error);
  const copy = new Error(textOf(error));
  if (typeof name === "string") copy.name = name;
  if (error instanceof Error && error.stack !== undefined) copy.stack = error.stack.slice(0, maxStackLength);
  return Object.assign(copy, {
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof statusCode === "number" ? { statusCode } : {}),
  });
}

/** An answer that is no JSON is quoted by the client, with all the events in it: only that it was none is said. */
function textOf(error: unknown): string {
  if (partsOf(error).code === "PARSE_ERROR") return "the answer is no JSON";
  return redact(error instanceof Error ? error.message : String(error), maxTextLength);
}

const maxTextLength = 1_000;
const maxStackLength = 4_000;
