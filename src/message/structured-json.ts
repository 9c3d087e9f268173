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
import { isJson, isUtf8Text, parseContentType } from "./content-type.js";
import type { Envelope } from "./envelope.js";
import { checkHeaders, isReservedName, noHeaders, sizeProblem } from "./header-rules.js";
import { memberText } from "./json-syntax.js";
import {
  type JsonLimits,
  defaultMaxDepth,
  isDeeperThan,
  jsonText,
  limitedText,
  parseText,
} from "./json-text.js";

/**
 * Spells an envelope as one CloudEvent in structured JSON, as `docs/wire-format.md` says.
 *
 * A JSON body stands in `data` as it is, byte for byte; every other body in `data_base64`.
 * @throws {WaybillError} `invalidMessage` for headers that could not be read back.
 */
export function toStructuredJson(envelope: Envelope): Uint8Array {
  checkHeaders(envelope.headers, envelope.extensions);
  const head = JSON.stringify(attributesOf(envelope));
  if (envelope.body.length === 0) return Buffer.from(head);
  const data = verbatimJson(envelope);
  const member = data === undefined ? `"data_base64":"${base64(envelope.body)}"` : `"data":${data}`;
  return Buffer.from(`${head.slice(0, -1)},${member}}`);
}

/**
 * Reads one CloudEvent in structured JSON.
 *
 * The body is the text of `data` as it stands in `bytes`, unless the content type is not JSON and `data` is a
 * string: then it is that string in UTF-8.
 * @param limits of the whole event. Default depth 65: the event itself and a body of 64.
 * @throws {WaybillError} `undecodable` for what is no CloudEvent 1.x or exceeds the limits.
 */
export function fromStructuredJson(bytes: Uint8Array, limits: JsonLimits = {}): Envelope {
  const text = limitedText(bytes, { ...limits, maxDepth: limits.maxDepth ?? defaultMaxDepth + 1 });
  const event = parseText(text);
  if (!isRecord(event)) throw undecodable("is not a JSON object");
  if (typeof event["specversion"] !== "string" || !event["specversion"].startsWith("1.")) {
    throw undecodable("has no specversion 1.x");
  }
  const draft: EnvelopeDraft = {
    id: "",
    source: "",
    type: "",
    headers: noHeaders,
    history: noHistory,
    extensions: noHeaders,
    body: noBytes,
  };
  for (const name of Object.keys(event)) {
    const read = memberReaders.get(name);
    if (read === undefined) keepExtension(draft, name, event[name]);
    else read(draft, event[name]);
  }
  if (draft.id === "") throw undecodable("has no id");
  readBody(draft, event, text);
  const problem = sizeProblem(draft.headers, draft.extensions);
  if (problem !== undefined) throw undecodable(`has ${problem}`);
  return draft;
}

const noBytes = Buffer.alloc(0);

function attributesOf(envelope: Envelope): Record<string, unknown> {
  const { history, extensions } = envelope;
  // JSON.stringify leaves out what is undefined, so an absent field is an absent attribute.
  const attributes: Record<string, unknown> = {
    specversion: "1.0",
    id: envelope.id,
    source: envelope.source || undefined,
    type: envelope.type || undefined,
    subject: envelope.key || undefined,
    time: envelope.time || undefined,
    datacontenttype: envelope.contentType || undefined,
    dataschema: envelope.dataSchema || undefined,
    dataref: envelope.dataRef || undefined,
    wbdatabytes: envelope.dataBytes,
    wbdatasha256: envelope.dataSha256 || undefined,
    wbversion: envelope.version,
    wbcorrelation: envelope.correlationId || undefined,
    wbcausation: envelope.causationId || undefined,
    wbreplyto: envelope.replyTo || undefined,
    wbttl: envelope.ttlMs,
    wbattempt: history.attempts,
    wbuncounted: history.uncounted,
    wbfirstfailed: history.firstFailedAt || undefined,
    wbredrives: history.redrives,
    wbto: history.addressedTo || undefined,
    traceparent: envelope.traceparent || undefined,
    tracestate: envelope.tracestate || undefined,
    wbheaders: envelope.headers === noHeaders ? undefined : headersText(envelope),
  };
  for (const name in extensions) {
    if (!memberReaders.has(name)) attributes[name] = extensions[name];
  }
  return attributes;
}

function headersText({ headers }: Envelope): string | undefined {
  const text = JSON.stringify(headers);
  return text === "{}" ? undefined : text;
}

/** The body as JSON text, if it can stand in `data` so that a reader finds the same bytes. */
function verbatimJson({ body, contentType }: Envelope): string | undefined {
  if (!contentType || isSpace(body[0]) || isSpace(body.at(-1))) return undefined;
  const parsed = parseContentType(contentType);
  if (!isJson(parsed) || !isUtf8Text(parsed)) return undefined;
  try {
    const text = jsonText(body);
    if (isDeeperThan(text, defaultMaxDepth)) return undefined;
    JSON.parse(text);
    return Buffer.byteLength(text) === body.length ? text : undefined;
  } catch {
    return undefined;
  }
}

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");

const memberReaders: ReadonlyMap<string, ReadAttribute> = new Map<string, ReadAttribute>([
  ...attributeReaders,
  ["traceparent", textReader((draft, value) => (draft.traceparent = value))],
  ["tracestate", textReader((draft, value) => (draft.tracestate = value))],
  ["wbheaders", readHeaders],
  ["data", () => undefined],
  ["data_base64", () => undefined],
]);

function readHeaders(draft: EnvelopeDraft, value: unknown): void {
  if (typeof value !== "string") return;
  const headers = parseText(value);
  if (!isRecord(headers)) throw undecodable("has wbheaders that are no JSON object");
  for (const name of Object.keys(headers)) {
    // No sender of ours writes such a name, and a copy of the message could not be sent with it.
    if (!isReservedName(name)) keepHeader(draft, name, headers[name]);
  }
}

function readBody(draft: EnvelopeDraft, event: Readonly<Record<string, unknown>>, text: string): void {
  const encoded = event["data_base64"];
  const data = event["data"];
  if (typeof encoded === "string") {
    if (!/^[\w+/-]*={0,2}$/.test(encoded)) throw undecodable("has data_base64 that is no base64");
    draft.body = Buffer.from(encoded, "base64");
  } else if (data !== undefined) {
    draft.contentType ??= "application/json";
    const raw = typeof data === "string" && !isJson(parseContentType(draft.contentType));
    draft.body = Buffer.from(raw ? data : (memberText(text, "data") ?? ""));
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const undecodable = (problem: string): WaybillError =>
  new WaybillError("undecodable", `the CloudEvent ${problem}`);
