import type { DeliveryHistory, Envelope } from "./envelope.js";
import { emptyHeaders, headerValue, isSafeName, noHeaders } from "./header-rules.js";

/** An envelope in the making. */
export type EnvelopeDraft = { -readonly [Field in keyof Envelope]: Envelope[Field] };

/** Takes one attribute into the draft; a value that does not fit the attribute is left out. */
export type ReadAttribute = (draft: EnvelopeDraft, value: unknown) => void;

/** The history of a message that has none: shared. */
export const noHistory: DeliveryHistory = Object.freeze({});

/**
 * Every CloudEvents attribute and extension that means a field of the envelope, on every transport.
 *
 * `key`, `contentType`, `correlationId`, `replyTo` and `ttlMs` have native fields on AMQP, which win.
 */
export const attributeReaders: ReadonlyMap<string, ReadAttribute> = new Map<string, ReadAttribute>([
  ["specversion", () => undefined],
  ["id", textReader((draft, value) => (draft.id = value))],
  ["source", textReader((draft, value) => (draft.source = value))],
  ["type", textReader((draft, value) => (draft.type = value))],
  ["subject", textReader(readSubject)],
  ["time", textReader((draft, value) => (draft.time = value))],
  ["dataschema", textReader((draft, value) => (draft.dataSchema = value))],
  ["dataref", textReader((draft, value) => (draft.dataRef = value))],
  ["datacontenttype", textReader((draft, value) => (draft.contentType ??= value))],
  ["wbversion", count((draft, value) => (draft.version = value))],
  ["wbcorrelation", textReader((draft, value) => (draft.correlationId ??= value))],
  ["wbcausation", textReader((draft, value) => (draft.causationId = value))],
  ["wbreplyto", textReader((draft, value) => (draft.replyTo ??= value))],
  ["wbdatabytes", count((draft, value) => (draft.dataBytes = value))],
  ["wbdatasha256", textReader((draft, value) => (draft.dataSha256 = value))],
  ["wbttl", count((draft, value) => (draft.ttlMs ??= value))],
  ["wbattempt", count((draft, value) => remember(draft, { attempts: value }))],
  ["wbuncounted", count((draft, value) => remember(draft, { uncounted: value }))],
  ["wbredrives", count((draft, value) => remember(draft, { redrives: value }))],
  ["wbfirstfailed", textReader((draft, value) => remember(draft, { firstFailedAt: value }))],
  ["wbto", textReader((draft, value) => remember(draft, { addressedTo: value }))],
]);

/** Keeps an extension that means nothing to this version of Waybill. */
export function keepExtension(draft: EnvelopeDraft, name: string, value: unknown): void {
  const kept = headerValue(value);
  if (kept === undefined || !isSafeName(name)) return;
  const extensions: Record<string, unknown> =
    draft.extensions === noHeaders ? (draft.extensions = emptyHeaders()) : draft.extensions;
  extensions[name] = kept;
}

/** Keeps a header of the application. */
export function keepHeader(draft: EnvelopeDraft, name: string, value: unknown): void {
  const kept = headerValue(value);
  if (kept === undefined || !isSafeName(name)) return;
  const headers: Record<string, unknown> =
    draft.headers === noHeaders ? (draft.headers = emptyHeaders()) : draft.headers;
  headers[name] = kept;
}

/** Text of an attribute; empty where there is none, because an empty attribute means an absent one. */
export function attributeText(value: unknown): string {
  if (typeof value === "string") return value;
  const kept = headerValue(value);
  return kept === undefined ? "" : String(kept);
}

/** Reads text, and leaves the draft alone where there is none. */
export function textReader(set: (draft: EnvelopeDraft, value: string) => void): ReadAttribute {
  return (draft, value) => {
    const given = attributeText(value);
    if (given !== "") set(draft, given);
  };
}

/** Anything but text and numbers is left out before it is converted: a map from outside may carry its own `toString`. */
function count(set: (draft: EnvelopeDraft, value: number) => void): ReadAttribute {
  return (draft, value) => {
    if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "string") return;
    if (value === "") return;
    const given = Number(value);
    if (Number.isSafeInteger(given) && given >= 0) set(draft, given);
  };
}

/** The native key wins; a subject that differs from it stays on the message, so that a copy loses nothing. */
function readSubject(draft: EnvelopeDraft, subject: string): void {
  draft.key ??= subject;
  if (draft.key !== subject) keepExtension(draft, "subject", subject);
}

function remember(draft: EnvelopeDraft, part: DeliveryHistory): void {
  draft.history = draft.history === noHistory ? part : Object.assign(draft.history, part);
}
