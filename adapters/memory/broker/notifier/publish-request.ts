import { BrokerError } from "../broker-error.js";
import { maxRequestBytes, type IncomingEvent } from "./accept-events.js";
import type { RequestHead } from "./access-key.js";
import { arrayElements, isDeeperThan, isJsonArray, type JsonValue } from "./json.js";
import type { Topic } from "./topic.js";

/** A publish request at the HTTP door. */
export interface PublishRequest extends RequestHead {
  readonly body: Uint8Array;
}

/** An HTTP answer with the error body of Event Grid: `{ "error": { code, message, details } }`. */
export interface PublishResult {
  readonly status: number;
  readonly error?: { readonly code: string; readonly message: string; readonly details: readonly [] };
}

/**
 * Reads the events of a request: an array of the Event Grid schema, one CloudEvent or a batch of them in structured
 * mode, or one in binary mode (`ce-` headers).
 * @throws {BrokerError} `badRequest` for what cannot be read, `tooLarge` above 1 MiB.
 */
export function readEvents(topic: Topic, request: PublishRequest): readonly IncomingEvent[] {
  if (request.body.byteLength > maxRequestBytes) {
    throw new BrokerError("tooLarge", `A request has at most ${maxRequestBytes} bytes: send fewer events.`);
  }
  const mediaType = mediaTypeOf(request);
  if (topic.schema === "eventGrid") {
    if (mediaType !== "application/json") throw wrongType(mediaType, "application/json");
    return readArray(decodeText(request.body));
  }
  if (mediaType === "application/cloudevents+json") return [readEvent(decodeText(request.body))];
  if (mediaType === "application/cloudevents-batch+json") return readArray(decodeText(request.body));
  if (request.headers["ce-specversion"] !== undefined) return [readEvent(structured(request, mediaType))];
  throw wrongType(mediaType, "application/cloudevents+json or application/cloudevents-batch+json");
}

/** The HTTP answer for a refusal. Source: post-to-custom-topic.md. */
export function refusal(error: BrokerError): PublishResult {
  const [status, code] = statusOf[error.condition] ?? [500, "InternalError"];
  return { status, error: { code, message: error.message, details: [] } };
}

const statusOf: Readonly<Record<string, readonly [status: number, code: string]>> = {
  badRequest: [400, "BadRequest"],
  unauthorized: [401, "Unauthorized"],
  notFound: [404, "NotFound"],
  tooLarge: [413, "PayloadTooLarge"],
};

function mediaTypeOf(request: PublishRequest): string {
  const [mediaType = ""] = (request.headers["content-type"] ?? "").split(";");
  return mediaType.trim().toLowerCase();
}

function wrongType(mediaType: string, expected: string): BrokerError {
  return new BrokerError(
    "badRequest",
    `Content type "${mediaType}" is not accepted by this topic: use ${expected}.`,
  );
}

function decodeText(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw unreadable("The body must be UTF-8.", cause);
  }
}

function parse(text: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text) as JsonValue;
  } catch (cause) {
    throw unreadable("The body must be JSON.", cause);
  }
  if (isDeeperThan(text, maxDepth)) {
    throw new BrokerError("badRequest", `The body must not be nested deeper than ${maxDepth} levels.`);
  }
  return value;
}

// Parsing takes any depth, but printing an event again, as dead letters need it, would overflow the stack.
const maxDepth = 512;

function unreadable(message: string, cause: unknown): BrokerError {
  const error = new BrokerError("badRequest", message);
  error.cause = cause;
  return error;
}

/** @throws {BrokerError} `badRequest` if the text is not JSON. */
export function readEvent(text: string): IncomingEvent {
  return { json: text, value: parse(text) };
}

function readArray(text: string): readonly IncomingEvent[] {
  const values = parse(text);
  if (!isJsonArray(values)) throw new BrokerError("badRequest", "The body must be a JSON array of events.");
  const texts = arrayElements(text);
  return values.map((value, index) => ({ json: texts[index] ?? "", value }));
}

/** A binary-mode request as the text of a structured event. Source: CloudEvents HTTP protocol binding, 3.1. */
function structured(request: PublishRequest, mediaType: string): string {
  const attributes: string[] = [];
  for (const [name, value] of Object.entries(request.headers)) {
    if (!name.startsWith("ce-") || value === undefined) continue;
    attributes.push(`${JSON.stringify(name.slice(3))}:${JSON.stringify(percentDecoded(value))}`);
  }
  const contentType = request.headers["content-type"];
  if (contentType !== undefined) attributes.push(`"datacontenttype":${JSON.stringify(contentType)}`);
  if (request.body.byteLength > 0) attributes.push(binaryData(request.body, mediaType));
  return `{${attributes.join(",")}}`;
}

function binaryData(body: Uint8Array, mediaType: string): string {
  if (mediaType === "application/json" || mediaType.endsWith("+json")) {
    const text = decodeText(body);
    parse(text);
    return `"data":${text}`;
  }
  if (mediaType.startsWith("text/")) return `"data":${JSON.stringify(decodeText(body))}`;
  return `"data_base64":"${Buffer.from(body).toString("base64")}"`;
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
