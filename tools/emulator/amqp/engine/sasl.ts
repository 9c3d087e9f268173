import type { Credentials } from "./engine.js";
import type { FieldReader } from "./field-reader.js";
import { AmqpDecodeError, ProtocolError } from "./protocol-error.js";

/** What is offered, in the order in which clients choose. None of them is checked here. */
export const saslMechanismNames = ["MSSBCBS", "PLAIN", "ANONYMOUS", "EXTERNAL"];

/** SASL frames are small: the specification bounds them by 512 bytes (AMQP 1.0 part 5.3.1); a key may be long. */
export const maxSaslFrameBytes = 4_096;

/**
 * Reads `sasl-init`, the only frame that any of the mechanisms needs.
 * @returns undefined for a mechanism that was not offered, or a broken response.
 */
export function readSaslInit(reader: FieldReader): Credentials | undefined {
  const code = reader.openComposite();
  if (code !== 0x41) throw new ProtocolError("connection", "amqp:not-allowed", "sasl-init was expected");
  const mechanism = reader.symbolField();
  const response = reader.binaryField();
  if (mechanism === undefined) throw new AmqpDecodeError("the field mechanism is missing");
  if (!saslMechanismNames.includes(mechanism)) return undefined;
  if (mechanism !== "PLAIN") return { mechanism };
  // RFC 4616: authorization identity, authentication identity and password, divided by NUL.
  const [, user, password] = response?.toString("utf8").split("\0") ?? [];
  return user === undefined || password === undefined ? undefined : { mechanism, user, password };
}
