import { isWaybillError, type ErrorClass } from "../errors.js";
import type { DeadLetterReason } from "../message/envelope.js";

/** What is known of a failure, whatever was thrown. */
export interface Classified {
  readonly class: ErrorClass;
  readonly reason: DeadLetterReason;
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly stack: string | undefined;
  readonly hintMs: number | undefined;
}

/** Classifies whatever a handler, a store or a transport threw. Total: `undefined` and hostile objects too. */
export function classify(error: unknown): Classified {
  if (isWaybillError(error)) {
    return {
      class: error.class,
      reason: reasonOf[error.code] ?? "Permanent",
      name: error.name,
      code: error.code,
      message: error.message,
      stack: error.stack,
      hintMs: error.retryAfterMs,
    };
  }
  const { name, message, stack } = describe(error);
  return {
    class: "unknown",
    reason: "MaxAttempts",
    name,
    code: undefined,
    message,
    stack,
    hintMs: undefined,
  };
}

/** Where the code says more than `Permanent`. */
const reasonOf: Partial<Record<string, DeadLetterReason>> = {
  undecodable: "Undecodable",
  unexpectedContentType: "Undecodable",
  payloadMismatch: "Undecodable",
  unknownMessageType: "UnknownMessageType",
  unknownVersion: "UnknownVersion",
  noUpcaster: "UnknownVersion",
  upcastFailed: "SchemaInvalid",
  schemaInvalid: "SchemaInvalid",
  keyReused: "IdempotencyKeyReuse",
  tooLarge: "TooLarge",
};

/** Reads an error without trusting it: its getters may throw, and it may be no error at all. */
function describe(error: unknown): { name: string; message: string; stack: string | undefined } {
  try {
    if (error instanceof Error) {
      return {
        name: error.name,
        message: error.message,
        stack: typeof error.stack === "string" ? error.stack : undefined,
      };
    }
    const text = typeof error === "string" ? error : String(error);
    return { name: typeof error, message: `a handler threw ${typeof error}: ${text}`, stack: undefined };
  } catch {
    return { name: "Error", message: "a handler threw an error that cannot be read", stack: undefined };
  }
}
