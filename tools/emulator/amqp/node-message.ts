import { BrokerError } from "../../../adapters/memory/broker/broker-error.js";
import { AuthError } from "../security/auth-error.js";
import { decodeValue, encodeValue, int, symbol, ulong } from "./engine/codec.js";
import { Described, type AmqpValue } from "./engine/engine.js";
import { dataOf } from "./message/decode-message.js";
import { absent, scanSections, type Sections } from "./message/sections.js";
import { skipValue } from "./message/skip-value.js";

/** What a client asks of a node: `$cbs`, or a `$management`. */
export interface NodeRequest {
  readonly operation: string | undefined;
  readonly applicationProperties: ReadonlyMap<string, AmqpValue>;
  /** The value, or the bytes of all data sections. Null without a body. */
  readonly body: AmqpValue;
  readonly messageId: AmqpValue;
  readonly correlationId: AmqpValue;
  /** Name or address of the link on which the client wants the answer. */
  readonly replyTo: string | undefined;
  /** The link that the operation is about, by its name on the same connection. */
  readonly associatedLinkName: string | undefined;
}

export interface NodeResponse {
  /** As in HTTP: 200 to 299 is success. */
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly errorCondition?: string;
  /** Default null. */
  readonly body?: AmqpValue;
}

/** @throws {MalformedMessage | AmqpDecodeError} for bytes that are no message */
export function decodeRequest(payload: Buffer): NodeRequest {
  const sections = scanSections(payload);
  const fields = listAt(payload, sections.properties);
  const application = mapAt(payload, sections.applicationProperties);
  return {
    operation: textOf(application.get("operation")),
    applicationProperties: application,
    body: bodyOf(payload, sections),
    messageId: fields[0] ?? null,
    replyTo: textOf(fields[4]),
    correlationId: fields[5] ?? null,
    associatedLinkName: textOf(application.get("associated-link-name")),
  };
}

/**
 * Encodes an answer. Clients read the status by different spellings: `@azure/service-bus` looks at `statusCode` only, its
 * token negotiation and Event Hubs at `status-code`; both are written.
 */
export function encodeResponse(request: NodeRequest, response: NodeResponse): Uint8Array[] {
  const { statusCode, statusDescription = "", errorCondition } = response;
  const application = new Map<AmqpValue, AmqpValue>([
    ["status-code", int(statusCode)],
    ["statusCode", int(statusCode)],
    ["status-description", statusDescription],
    ["statusDescription", statusDescription],
  ]);
  if (errorCondition !== undefined) {
    application.set("error-condition", symbol(errorCondition));
    application.set("errorCondition", symbol(errorCondition));
  }
  const correlation = request.messageId ?? request.correlationId;
  return [
    encodeValue(new Described(0x73, [null, null, null, null, null, idOf(correlation)])),
    encodeValue(new Described(0x74, application)),
    encodeValue(new Described(0x77, response.body ?? null)),
  ];
}

/** The answer to a request that was refused; anything but a refusal is told as an error of the emulator. */
export function failure(error: unknown): NodeResponse {
  if (error instanceof AuthError) {
    const { statusCode, condition, message } = error;
    return { statusCode, statusDescription: message, errorCondition: condition };
  }
  if (error instanceof BrokerError) {
    const { condition, message } = error;
    return { statusCode: statusOf(condition), statusDescription: message, errorCondition: condition };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    statusCode: 500,
    statusDescription: `The emulator failed: ${text}`,
    errorCondition: "amqp:internal-error",
  };
}

/** The answer to an operation that the node does not have. */
export function unknownOperation(operation: string | undefined): NodeResponse {
  return {
    statusCode: 501,
    statusDescription:
      operation === undefined
        ? "The request has no application property 'operation'."
        : `The operation '${operation.slice(0, 100)}' is not supported by this node of the emulator.`,
    errorCondition: "amqp:not-implemented",
  };
}

/** The status by which `@azure/core-amqp` (4.4, errors.ts) knows a condition. */
function statusOf(condition: string): number {
  return statuses.get(condition) ?? 500;
}

const statuses: ReadonlyMap<string, number> = new Map([
  ["com.microsoft:timeout", 408],
  ["amqp:not-found", 404],
  ["com.microsoft:message-not-found", 404],
  ["com.microsoft:session-not-found", 404],
  ["amqp:not-implemented", 501],
  ["com.microsoft:entity-already-exists", 409],
  ["com.microsoft:message-lock-lost", 410],
  ["com.microsoft:session-lock-lost", 410],
  ["com.microsoft:session-cannot-be-locked", 410],
  ["amqp:link:stolen", 410],
  ["amqp:link:message-size-exceeded", 403],
  ["amqp:resource-limit-exceeded", 403],
  ["com.microsoft:server-busy", 503],
  ["com.microsoft:argument-error", 400],
  ["com.microsoft:argument-out-of-range", 400],
  ["com.microsoft:entity-disabled", 400],
  ["amqp:not-allowed", 400],
  ["amqp:unauthorized-access", 401],
]);

function valueAt(payload: Buffer, at: number): AmqpValue {
  return at === absent ? null : decodeValue(payload.subarray(at, skipValue(payload, at, payload.length)));
}

function listAt(payload: Buffer, at: number): readonly AmqpValue[] {
  const value = valueAt(payload, at);
  return isList(value) ? value : [];
}

// `Array.isArray` alone does not know read-only arrays.
const isList = (value: AmqpValue): value is readonly AmqpValue[] => Array.isArray(value);

function mapAt(payload: Buffer, at: number): ReadonlyMap<string, AmqpValue> {
  const value = valueAt(payload, at);
  const result = new Map<string, AmqpValue>();
  if (!isMap(value)) return result;
  for (const [key, each] of value) if (typeof key === "string") result.set(key, each);
  return result;
}

function bodyOf(payload: Buffer, sections: Sections): AmqpValue {
  if (sections.bodyKind === "none") return null;
  return sections.bodyKind === "data"
    ? Buffer.concat(dataOf(payload, sections))
    : valueAt(payload, sections.body);
}

const isMap = (value: AmqpValue): value is ReadonlyMap<AmqpValue, AmqpValue> => value instanceof Map;

function textOf(value: AmqpValue | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** A message id that is a number is a ulong, and must come back as one. */
function idOf(id: AmqpValue): AmqpValue {
  return typeof id === "number" || typeof id === "bigint" ? ulong(id) : id;
}
