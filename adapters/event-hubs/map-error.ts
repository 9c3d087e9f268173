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
 * By `MessagingError.code`, which is a name, and for errors without one by their own name. Sources: `ConditionErrorNameMapper`
 * of `@azure/core-amqp`; Event Hubs messaging exceptions.
 */
export const meanings: Readonly<Record<string, Meaning>> = {
  MessagingEntityNotFoundError: { code: "notFound" },
  ResourceDeletedError: { code: "notFound" },
  MessagingEntityDisabledError: { code: "disabled" },
  UnauthorizedError: { code: "unauthorized" },
  PublisherRevokedError: { code: "unauthorized" },
  CredentialUnavailableError: { code: "unauthorized" },
  // Of a chain of credentials, such as `DefaultAzureCredential`.
  AggregateAuthenticationError: { code: "unauthorized" },
  AuthenticationError: { code: "unauthorized" },
  AuthenticationRequiredError: { code: "unauthorized" },
  ReceiverDisconnectedError: { code: "lockLost" },
  PartitionNotOwnedError: { code: "lockLost" },
  MessageTooLargeError: { code: "tooLarge" },
  // The service asks for a few seconds (error 50002).
  ServerBusyError: { code: "busy", retryAfterMs: 4_000 },
  SenderBusyError: { code: "busy" },
  InsufficientCreditError: { code: "busy" },
  // Of receivers per partition and consumer group, and of connections.
  QuotaExceededError: { code: "quotaExceeded" },
  ArgumentError: { code: "invalidMessage" },
  ArgumentOutOfRangeError: { code: "invalidMessage" },
  InvalidOperationError: { code: "invalidMessage" },
  NotImplementedError: { code: "invalidMessage" },
  TypeError: { code: "invalidMessage" },
  ServiceUnavailableError: { code: "timeout" },
  OperationTimeoutError: { code: "timeout" },
  AbortError: { code: "cancelled" },
  ServiceCommunicationError: { code: "transportFailed" },
  SenderNotReadyError: { code: "transportFailed" },
  ConnectionForcedError: { code: "transportFailed" },
  DetachForcedError: { code: "transportFailed" },
  InternalServerError: { code: "transportFailed" },
  OperationCancelledError: { code: "transportFailed" },
  FramingError: { code: "transportFailed" },
  DecodeError: { code: "transportFailed" },
  // The certificate of the other side: a send that meets one of these never left.
  ...Object.fromEntries(
    certificateCodes.map((code) => [code, { code: "transportFailed", class: "config" }] as const),
  ),
};

/** Failed before a byte of the message left. */
const neverSent =
  /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|SenderBusy|SenderNotReady|InsufficientCredit/;

/**
 * What an error of the SDK means to the core. Remote text is bounded and without secrets; the original stays the
 * `cause`, unless it spells one: then a copy without it does. `doing` says what failed, such as `cannot send to "orders"`.
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
  if (!unanswered || neverSent.test(`${nameOf(error)} ${codeOf(error)} ${textOf(error)}`)) return mapped;
  return new WaybillError("ambiguousSend", mapped.message, { cause: mapped.cause });
}

function meaningOf(error: unknown): Meaning {
  // Several attempts at one address, of which the first says what the others say.
  if (error instanceof AggregateError && error.errors.length > 0) return meaningOf(error.errors[0]);
  for (const name of [codeOf(error), nameOf(error)]) {
    const known = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
    if (known !== undefined) return known;
  }
  return { code: "transportFailed" };
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "");

function textOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return withoutSecrets(text).slice(0, maxTextLength);
}

const maxTextLength = 1_000;
