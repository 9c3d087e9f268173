import { WaybillError } from "../errors.js";
import {
  type EnvelopeDraft,
  type ReadAttribute,
  attributeReaders,
  keepExtension,
  keepHeader,
  noHistory,
  textReader,
} from "./attributes.js";
import { parseContentType } from "./content-type.js";
import type { Envelope, HeaderValue } from "./envelope.js";
import { checkHeaders, isReservedName, noHeaders, sizeProblem } from "./header-rules.js";
import { fromStructuredJson } from "./structured-json.js";

/** An AMQP message as Service Bus, Event Hubs and the in-memory broker take it. */
export interface AmqpMessage {
  readonly messageId: string;
  readonly body: Uint8Array;
  readonly contentType?: string;
  /** The label. */
  readonly subject?: string;
  readonly sessionId?: string;
  readonly partitionKey?: string;
  readonly correlationId?: string;
  readonly replyTo?: string;
  readonly to?: string;
  readonly timeToLiveMs?: number;
  readonly applicationProperties: Readonly<Record<string, HeaderValue>>;
}

/** An AMQP message as it came in: what a foreign sender may have put into it is checked, not assumed. */
export interface IncomingAmqpMessage {
  /** AMQP allows text, numbers, UUIDs and bytes. */
  readonly messageId?: unknown;
  readonly body: Uint8Array;
  readonly contentType?: string | undefined;
  readonly subject?: string | undefined;
  readonly sessionId?: string | undefined;
  readonly partitionKey?: string | undefined;
  readonly correlationId?: unknown;
  readonly replyTo?: string | undefined;
  readonly timeToLiveMs?: number | undefined;
  readonly applicationProperties?: Readonly<Record<string, unknown>> | undefined;
}

/** Where the key of a message goes. */
export interface AmqpSpelling {
  /**
   * `session` for queues and topics; `partition` for streams, which have no native reply-to and time to live, so
   * that these two travel as extensions as well.
   */
  readonly key: "session" | "partition";
}

/** Characters of a message id, a session id and a partition key [Service Bus quotas]. */
const maxIdLength = 128;

/**
 * Spells an envelope as an AMQP message: CloudEvents 1.0 in binary mode, as `docs/wire-format.md` says.
 *
 * The body is handed on, not copied.
 * @throws {WaybillError} `invalidMessage` for an id or a key of more than 128 characters and for headers that
 * could not be read back.
 */
export function toAmqp(envelope: Envelope, spelling: AmqpSpelling): AmqpMessage {
  const messageId = envelope.brokerId ?? envelope.id;
  checkLength("message id", messageId);
  const message: Draft<AmqpMessage> = {
    messageId,
    body: envelope.body,
    applicationProperties: propertiesOf(envelope, spelling.key === "partition"),
  };
  if (envelope.contentType) message.contentType = envelope.contentType;
  if (envelope.type) message.subject = envelope.type;
  if (envelope.key) {
    checkLength("key", envelope.key);
    if (spelling.key === "session") message.sessionId = envelope.key;
    else message.partitionKey = envelope.key;
  }
  if (envelope.correlationId) message.correlationId = envelope.correlationId;
  if (envelope.replyTo) message.replyTo = envelope.replyTo;
  if (envelope.ttlMs !== undefined) message.timeToLiveMs = envelope.ttlMs;
  return message;
}

/**
 * Reads an AMQP message, of Waybill or foreign.
 *
 * The body is handed on, not copied. What is not usable is left out: the message itself is never refused for it.
 * @param fallbackId the id of a message that has neither a CloudEvents id nor a message id; it must be the same on
 * every redelivery.
 * @throws {WaybillError} `undecodable` for more than 64 headers and extensions or 32 Ki characters of them.
 */
export function fromAmqp(incoming: IncomingAmqpMessage, fallbackId: string): Envelope {
  const messageId = amqpId(incoming.messageId);
  const draft: EnvelopeDraft = structuredDraft(incoming) ?? binaryDraft(incoming);
  const key = incoming.sessionId || incoming.partitionKey;
  if (key) draft.key = key;
  const correlationId = amqpId(incoming.correlationId);
  if (correlationId !== "") draft.correlationId = correlationId;
  if (incoming.replyTo) draft.replyTo = incoming.replyTo;
  if (isDuration(incoming.timeToLiveMs)) draft.ttlMs = incoming.timeToLiveMs;
  if (incoming.applicationProperties) readProperties(draft, incoming.applicationProperties);
  if (draft.id === "") draft.id = messageId === "" ? fallbackId : messageId;
  else if (messageId !== "" && messageId !== draft.id) draft.brokerId = messageId;
  return draft;
}

function binaryDraft({ subject, contentType, body }: IncomingAmqpMessage): EnvelopeDraft {
  const draft: EnvelopeDraft = {
    id: "",
    source: "",
    type: subject ?? "",
    headers: noHeaders,
    history: noHistory,
    extensions: noHeaders,
    body,
  };
  if (contentType) draft.contentType = contentType;
  return draft;
}

/** Event Grid delivers CloudEvents to queues and event hubs in structured mode. What is none is read as it stands. */
function structuredDraft({ contentType, body }: IncomingAmqpMessage): EnvelopeDraft | undefined {
  if (!contentType || contentType === "application/json") return undefined;
  if (parseContentType(contentType).mediaType !== "application/cloudevents+json") return undefined;
  try {
    return fromStructuredJson(body);
  } catch {
    return undefined;
  }
}

type Draft<Value> = { -readonly [Field in keyof Value]: Value[Field] };

function propertiesOf(envelope: Envelope, partition: boolean): Readonly<Record<string, HeaderValue>> {
  const properties: Record<string, HeaderValue> = {
    cloudEvents_specversion: "1.0",
    cloudEvents_id: envelope.id,
  };
  if (envelope.source) properties["cloudEvents_source"] = envelope.source;
  if (envelope.type) properties["cloudEvents_type"] = envelope.type;
  if (envelope.key) properties["cloudEvents_subject"] = envelope.key;
  if (envelope.time) properties["cloudEvents_time"] = envelope.time;
  if (envelope.dataSchema) properties["cloudEvents_dataschema"] = envelope.dataSchema;
  if (envelope.version !== undefined) properties["cloudEvents_wbversion"] = envelope.version;
  if (envelope.causationId) properties["cloudEvents_wbcausation"] = envelope.causationId;
  if (envelope.dataRef) properties["cloudEvents_dataref"] = envelope.dataRef;
  if (envelope.dataBytes !== undefined) properties["cloudEvents_wbdatabytes"] = envelope.dataBytes;
  if (envelope.dataSha256) properties["cloudEvents_wbdatasha256"] = envelope.dataSha256;
  if (partition) {
    if (envelope.replyTo) properties["cloudEvents_wbreplyto"] = envelope.replyTo;
    if (envelope.ttlMs !== undefined) properties["cloudEvents_wbttl"] = envelope.ttlMs;
  }
  if (envelope.traceparent) {
    properties["traceparent"] = envelope.traceparent;
    properties["Diagnostic-Id"] = envelope.traceparent;
  }
  if (envelope.tracestate) properties["tracestate"] = envelope.tracestate;
  if (envelope.history !== noHistory) writeHistory(properties, envelope.history);
  if (envelope.headers !== noHeaders || envelope.extensions !== noHeaders) writeMaps(properties, envelope);
  return properties;
}

function writeHistory(properties: Record<string, HeaderValue>, history: Envelope["history"]): void {
  if (history.attempts !== undefined) properties["cloudEvents_wbattempt"] = history.attempts;
  if (history.uncounted !== undefined) properties["cloudEvents_wbuncounted"] = history.uncounted;
  if (history.redrives !== undefined) properties["cloudEvents_wbredrives"] = history.redrives;
  if (history.firstFailedAt) properties["cloudEvents_wbfirstfailed"] = history.firstFailedAt;
  if (history.addressedTo) properties["cloudEvents_wbto"] = history.addressedTo;
}

function writeMaps(properties: Record<string, HeaderValue>, { headers, extensions }: Envelope): void {
  checkHeaders(headers, extensions);
  for (const name in headers) properties[name] = headers[name] as HeaderValue;
  for (const name in extensions) {
    const property = `cloudEvents_${name}`;
    // A foreign subject that is not the key; nothing else that is kept can collide with what is written above.
    if (name === "subject" || !(property in properties)) {
      properties[property] = extensions[name] as HeaderValue;
    }
  }
}

/** The readers by the name of the application property. `cloudEvents:` is read apart, because `cloudEvents_` wins. */
const propertyReaders: ReadonlyMap<string, ReadAttribute> = new Map<string, ReadAttribute>([
  ...[...attributeReaders].map(([name, read]) => [`cloudEvents_${name}`, read] as const),
  ...[...attributeReaders].filter(([name]) => name.startsWith("wb")),
  ["traceparent", textReader((draft, value) => (draft.traceparent = value))],
  ["tracestate", textReader((draft, value) => (draft.tracestate = value))],
  ["Diagnostic-Id", () => undefined],
]);

function readProperties(draft: EnvelopeDraft, properties: Readonly<Record<string, unknown>>): void {
  let colons = false;
  for (const name in properties) {
    const read = propertyReaders.get(name);
    if (read !== undefined) read(draft, properties[name]);
    else if (name.startsWith("cloudEvents:")) colons = true;
    else keepProperty(draft, name, properties[name]);
  }
  if (colons) readColonSpelling(draft, properties);
  if (draft.traceparent === undefined) readTrace(draft, properties["Diagnostic-Id"]);
  const problem = sizeProblem(draft.headers, draft.extensions);
  if (problem !== undefined) throw new WaybillError("undecodable", `the message has ${problem}`);
}

function keepProperty(draft: EnvelopeDraft, name: string, value: unknown): void {
  if (!isReservedName(name)) keepHeader(draft, name, value);
  else if (name.startsWith("cloudEvents_")) keepExtension(draft, name.slice(12), value);
  else if (name.startsWith("wb") && !name.startsWith("wbdl")) keepExtension(draft, name, value);
}

/** Both prefixes are in use: AMQP brokers that map properties to other protocols do not all take a colon. */
function readColonSpelling(draft: EnvelopeDraft, properties: Readonly<Record<string, unknown>>): void {
  for (const property in properties) {
    if (!property.startsWith("cloudEvents:")) continue;
    const name = property.slice(12);
    if (`cloudEvents_${name}` in properties) continue;
    const read = attributeReaders.get(name);
    if (read !== undefined) read(draft, properties[property]);
    else keepExtension(draft, name, properties[property]);
  }
}

/** The trace of a message whose sender set no `traceparent`: the Azure SDKs' spelling, then the CloudEvents one. */
function readTrace(draft: EnvelopeDraft, diagnosticId: unknown): void {
  const { traceparent, tracestate } = draft.extensions;
  if (isTraceparent(diagnosticId)) draft.traceparent = diagnosticId;
  else if (isTraceparent(traceparent)) {
    draft.traceparent = traceparent;
    if (typeof tracestate === "string") draft.tracestate ??= tracestate;
  }
}

/** W3C shape, as far as it tells it from the hierarchical ids (`|a.b.`) that older Azure SDKs wrote. */
const isTraceparent = (value: unknown): value is string =>
  typeof value === "string" && value.length >= 55 && value[2] === "-" && value[35] === "-";

function amqpId(id: unknown): string {
  if (typeof id === "string") return id;
  if (id instanceof Uint8Array) return Buffer.from(id).toString("hex");
  return typeof id === "number" || typeof id === "bigint" ? String(id) : "";
}

const isDuration = (value: number | undefined): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value >= 0;

function checkLength(what: string, text: string): void {
  if (text.length <= maxIdLength) return;
  throw new WaybillError(
    "invalidMessage",
    `cannot send: the ${what} has ${String(text.length)} characters, the broker takes ${String(maxIdLength)}`,
  );
}
