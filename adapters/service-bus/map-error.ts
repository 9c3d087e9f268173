import {
  certificateCodes,
  isWaybillError,
  tellable,
  WaybillError,
  withoutSecrets,
  type ErrorClass,
  type ErrorCode,
} from "../../src/transport/index.js";

/** What an error of the SDK means to the core. */
export interface Meaning {
  readonly code: ErrorCode;
  /** Where it is not the one that the code usually has. */
  readonly class?: ErrorClass;
  readonly retryAfterMs?: number;
}

/**
 * By `code`: `ServiceBusErrorCode` of the SDK, its names for errors that it has no code for (with those it begins the
 * message of a `GeneralError`), conditions of AMQP where they come here as they are, and codes of the system.
 *
 * Sources: `serviceBusError.ts` of the SDK, `errors.ts` of `@azure/core-amqp`; Learn, Service Bus messaging exceptions.
 */
export const meanings: Readonly<Record<string, Meaning>> = {
  MessagingEntityNotFound: { code: "notFound" },
  MessagingEntityAlreadyExists: { code: "alreadyExists" },
  MessagingEntityDisabled: { code: "disabled" },
  UnauthorizedAccess: { code: "unauthorized" },
  MessageLockLost: { code: "lockLost" },
  SessionLockLost: { code: "lockLost" },
  SessionCannotBeLocked: { code: "busy" },
  MessageNotFound: { code: "notFound", class: "permanent" },
  MessageSizeExceeded: { code: "tooLarge" },
  QuotaExceeded: { code: "quotaExceeded" },
  // The service asks for ten seconds (error 50001).
  ServiceBusy: { code: "busy", retryAfterMs: 10_000 },
  ServiceTimeout: { code: "timeout" },
  ServiceCommunicationProblem: { code: "transportFailed" },
  GeneralError: { code: "transportFailed" },
  // What the service refuses for good.
  InvalidOperationError: { code: "invalidMessage" },
  ArgumentError: { code: "invalidMessage" },
  ArgumentOutOfRangeError: { code: "invalidMessage" },
  NotImplementedError: { code: "unsupported" },
  MessageEntityNotFoundError: { code: "notFound" },
  MessageEntityAlreadyExistsError: { code: "alreadyExists" },
  "com.microsoft:message-lock-lost": { code: "lockLost" },
  "com.microsoft:session-lock-lost": { code: "lockLost" },
  "amqp:not-found": { code: "lockLost" },
  OperationTimeoutError: { code: "timeout" },
  ECONNREFUSED: { code: "transportFailed" },
  ENOTFOUND: { code: "transportFailed" },
  // The certificate of the other side: a send that meets one of these never left.
  ...Object.fromEntries(
    certificateCodes.map((code) => [code, { code: "transportFailed", class: "config" }] as const),
  ),
};

/** By `name`, for errors without a code. */
export const namedMeanings: Readonly<Record<string, Meaning>> = {
  AbortError: { code: "cancelled" },
  OperationTimeoutError: { code: "timeout" },
  SenderBusyError: { code: "busy" },
  SenderNotReadyError: { code: "transportFailed" },
  TypeError: { code: "invalidMessage" },
  RangeError: { code: "invalidMessage" },
  CredentialUnavailableError: { code: "unauthorized" },
  // Of a chain of credentials, such as `DefaultAzureCredential`.
  AggregateAuthenticationError: { code: "unauthorized" },
  AuthenticationError: { code: "unauthorized" },
  AuthenticationRequiredError: { code: "unauthorized" },
};

/** By the status of an answer of the administration, where its code says nothing. */
export const statusMeanings: Readonly<Record<number, Meaning>> = {
  401: { code: "unauthorized" },
  403: { code: "quotaExceeded", class: "config" },
  404: { code: "notFound" },
  409: { code: "alreadyExists" },
  429: { code: "busy", retryAfterMs: 10_000 },
  503: { code: "busy", retryAfterMs: 10_000 },
};

/** By what the SDK says where an error has neither. Its own texts, so they are not the service's to change. */
export const textMeanings: readonly (readonly [begins: string, meaning: Meaning])[] = [
  ["The message has either been deleted or already settled", { code: "lockLost" }],
  ["The underlying AMQP connection is closed", { code: "closed" }],
  ["The sender for ", { code: "closed" }],
  ["The receiver for ", { code: "closed" }],
];

/** Failed before a byte of the message left. */
const neverSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|SenderBusy|SenderNotReady/;

/**
 * What an error of the SDK means to the core. The original stays the `cause`, unless it spells a secret: then a copy without it does.
 * `doing` says what failed, such as `cannot send to "orders"`.
 */
export function mapError(error: unknown, doing: string): WaybillError {
  if (isWaybillError(error)) return tellable(error);
  const { code, class: errorClass, retryAfterMs } = meaningOf(error);
  return tellable(
    new WaybillError(code, `${doing}: ${textOf(error)}`, {
      cause: error,
      ...(errorClass === undefined ? {} : { class: errorClass }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    }),
  );
}

/** The same for a send, where no answer does not mean that nothing was stored. */
export function mapSendError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  if (mapped.class === "config") return mapped;
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || neverSent.test(`${textIn(error, "code")} ${nameOf(error)} ${textOf(error)}`))
    return mapped;
  return new WaybillError("ambiguousSend", mapped.message, { cause: mapped.cause });
}

/** The same for a settlement: without an answer the service may have done it, and the message may be gone or come again. */
export function mapSettleError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || mapped.class === "config") return mapped;
  return new WaybillError("settleFailed", mapped.message, { cause: mapped.cause });
}

function meaningOf(error: unknown): Meaning {
  const code = textIn(error, "code");
  const text = textOf(error);
  // A general error begins with the name of the particular one.
  const particular = code === "GeneralError" ? /^\w+(?=: )/.exec(text)?.[0] : undefined;
  return (
    own(meanings, particular) ??
    own(meanings, code) ??
    own(namedMeanings, nameOf(error)) ??
    own(statusMeanings, textIn(error, "statusCode")) ??
    textMeanings.find(([begins]) => text.startsWith(begins))?.[1] ?? { code: "transportFailed" }
  );
}

const own = (table: Readonly<Record<string, Meaning>>, key: string | undefined): Meaning | undefined =>
  key !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

function textIn(error: unknown, field: "code" | "statusCode"): string {
  if (typeof error !== "object" || error === null || !(field in error)) return "";
  return String((error as Record<string, unknown>)[field]);
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return withoutSecrets(text).slice(0, maxTextLength);
}

const maxTextLength = 1_000;
