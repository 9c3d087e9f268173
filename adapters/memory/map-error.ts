import { isWaybillError, WaybillError, type ErrorCode } from "../../src/transport/index.js";
import { BrokerError } from "./broker/broker-error.js";

/** The code of each condition that the engines refuse with; the class follows from the code. */
const codes: ReadonlyMap<string, ErrorCode> = new Map<string, ErrorCode>([
  ["amqp:not-found", "notFound"],
  ["com.microsoft:message-not-found", "notFound"],
  ["com.microsoft:entity-already-exists", "alreadyExists"],
  ["com.microsoft:entity-disabled", "disabled"],
  ["amqp:unauthorized-access", "unauthorized"],
  ["com.microsoft:message-lock-lost", "lockLost"],
  ["com.microsoft:session-lock-lost", "lockLost"],
  ["amqp:link:stolen", "lockLost"],
  ["com.microsoft:session-cannot-be-locked", "busy"],
  ["com.microsoft:timeout", "timeout"],
  ["amqp:link:message-size-exceeded", "tooLarge"],
  ["amqp:resource-limit-exceeded", "quotaExceeded"],
  ["amqp:not-allowed", "invalidMessage"],
  ["com.microsoft:argument-error", "invalidMessage"],
  ["com.microsoft:argument-out-of-range", "invalidMessage"],
  // Those of the notifier, which are not of AMQP.
  ["notFound", "notFound"],
  ["alreadyExists", "alreadyExists"],
  ["unauthorized", "unauthorized"],
  ["quotaExceeded", "quotaExceeded"],
  ["tooLarge", "tooLarge"],
  ["badRequest", "invalidMessage"],
  ["BadToken", "lockLost"],
  ["TokenLost", "lockLost"],
]);

/**
 * What an engine's refusal means to the core. `doing` says what was refused, such as `cannot send to "orders"`.
 *
 * @param instead a code for what the caller's options are to blame for, where a message would be otherwise.
 */
export function mapError(error: unknown, doing: string, instead?: ErrorCode): WaybillError {
  if (isWaybillError(error)) return error;
  const condition = error instanceof BrokerError ? error.condition : "";
  const code = codes.get(condition) ?? "transportFailed";
  const text = error instanceof Error ? error.message : String(error);
  const chosen = code === "invalidMessage" && instead !== undefined ? instead : code;
  return new WaybillError(chosen, `${doing}: ${text}`, { cause: error });
}
