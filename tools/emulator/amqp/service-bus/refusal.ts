import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { AmqpError } from "../engine/engine.js";
import { MalformedMessage } from "../message/malformed-message.js";

/** What a client is told when its request fails. Anything but a refusal is thrown on: it is a fault of ours. */
export function refusalOf(error: unknown): AmqpError {
  if (error instanceof BrokerError) return { condition: error.condition, description: error.message };
  if (error instanceof MalformedMessage)
    return { condition: "amqp:decode-error", description: error.message };
  throw error;
}
