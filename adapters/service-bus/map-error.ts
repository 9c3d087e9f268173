import { isWaybillError, WaybillError, type ErrorClass, type ErrorCode } from "../../src/transport/index.js";

/** What an error of the SDK means to the core. */
export interface Meaning {
  readonly code: ErrorCode;
  /** Where it is not the one that the code usually has. */
  readonly class?: ErrorClass;
  readonly retryAfterMs?: number;
}

/** By `ServiceBusError.code`. Sources: the SDK's `serviceBusError.ts`; Service Bus messaging exceptions. */
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
};

/** Errors without a code of the SDK's, by their name or by that of the system. */
const otherMeanings: Readonly<Record<string, Meaning>> = {
  AbortError: { code: "cancelled" },
  OperationTimeoutError: { code: "timeout" },
  SenderBusyError: { code: "busy" },
  SenderNotReadyError: { code: "transportFailed" },
  CredentialUnavailableError: { code: "unauthorized" },
  AuthenticationError: { code: "unauthorized" },
  AuthenticationRequiredError: { code: "unauthorized" },
};

/** Failed before a byte of the message left. */
const neverSent = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|SenderBusy|SenderNotReady/;

/** `GeneralError` covers whatever the service refuses for good as well: its message begins with the condition's name. */
const refused =
  /^(InvalidOperationError|ArgumentError|ArgumentOutOfRangeError|NotImplementedError|TypeError)\b/;

/**
 * What an error of the SDK means to the core. Remote text is bounded and redacted by {@link WaybillError}'s reporters;
 * the original stays the `cause`. `doing` says what failed, such as `cannot send to "orders"`.
 */
export function mapError(error: unknown, doing: string): WaybillError {
  if (isWaybillError(error)) return error;
  const { code, class: errorClass, retryAfterMs } = meaningOf(error);
  return new WaybillError(code, `${doing}: ${textOf(error)}`, {
    cause: error,
    ...(errorClass === undefined ? {} : { class: errorClass }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

/** The same for a send, where no answer does not mean that nothing was stored. */
export function mapSendError(error: unknown, doing: string): WaybillError {
  const mapped = mapError(error, doing);
  const unanswered = mapped.code === "timeout" || mapped.code === "transportFailed";
  if (!unanswered || neverSent.test(`${nameOf(error)} ${textOf(error)}`)) return mapped;
  return new WaybillError("ambiguousSend", mapped.message, { cause: error });
}

function meaningOf(error: unknown): Meaning {
  const code = codeOf(error);
  if (code === "GeneralError" && refused.test(textOf(error))) return { code: "invalidMessage" };
  const known = Object.hasOwn(meanings, code) ? meanings[code] : undefined;
  if (known !== undefined) return known;
  const name = nameOf(error);
  const other = Object.hasOwn(otherMeanings, name) ? otherMeanings[name] : otherMeanings[code];
  return other ?? { code: "transportFailed" };
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, maxTextLength);
}

const maxTextLength = 1_000;
