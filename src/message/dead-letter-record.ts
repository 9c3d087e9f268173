import { attributeText } from "./attributes.js";
import type { DeadLetterReason, DeadLetterRecord } from "./envelope.js";
import { redact } from "./redact.js";

/** What the broker itself says of a dead letter. */
export interface NativeDeadLetter {
  readonly deadLetterReason?: string | undefined;
  readonly deadLetterErrorDescription?: string | undefined;
}

/** UTF-8 bytes of all names and values: Service Bus takes 64 KiB of properties, headers and extensions included. */
export const maxDeadLetterBytes = 8 * 1024;

/** UTF-8 bytes of each text; the stack gets what the others leave. */
const maxBytes = {
  wbdldescription: 2048,
  wbdlconsumer: 256,
  wbdlfrom: 1024,
  wbdlat: 64,
  wbdlfirstfailed: 64,
  wbdlerror: 256,
  wbdlcode: 256,
  wbdlstack: maxDeadLetterBytes,
} as const;

/** Every reason that can stand on the wire. */
export const deadLetterReasons: ReadonlySet<string> = new Set<DeadLetterReason>([
  "MaxAttempts",
  "Permanent",
  "Undecodable",
  "SchemaInvalid",
  "UnknownMessageType",
  "UnknownVersion",
  "IdempotencyKeyReuse",
  "CrashLoop",
  "Expired",
  "TooLarge",
  "Manual",
  "BrokerMaxDelivery",
  "BrokerExpired",
]);

/** The reasons that brokers write themselves [Service Bus, Event Grid basic, Event Grid namespaces]. */
const reasonOfNative: ReadonlyMap<string, DeadLetterReason> = new Map<string, DeadLetterReason>([
  ["MaxDeliveryCountExceeded", "BrokerMaxDelivery"],
  ["MaxDeliveryAttemptsExceeded", "BrokerMaxDelivery"],
  ["Maximum delivery attempts was exceeded.", "BrokerMaxDelivery"],
  ["TTLExpiredException", "BrokerExpired"],
  ["TimeToLiveExceeded", "BrokerExpired"],
  ["HeaderSizeExceeded", "TooLarge"],
]);

/**
 * The application properties that a dead letter gets beside its own.
 *
 * Secrets are redacted, control characters dropped, and all of it fits 8 KiB of UTF-8: the stack is cut first.
 */
export function toDeadLetterProperties(record: DeadLetterRecord): Record<string, string | number> {
  const properties: Record<string, string | number> = {
    wbdlreason: record.reason,
    wbdldescription: bounded(record.description, maxBytes.wbdldescription),
    wbdlattempts: record.attempts,
    wbdldeliveries: record.deliveryCount,
    wbdlconsumer: bounded(record.consumer, maxBytes.wbdlconsumer),
    wbdlfrom: bounded(record.from, maxBytes.wbdlfrom),
    wbdlat: bounded(record.at, maxBytes.wbdlat),
  };
  const { firstFailedAt, errorName, errorCode } = record;
  if (firstFailedAt) properties["wbdlfirstfailed"] = bounded(firstFailedAt, maxBytes.wbdlfirstfailed);
  if (errorName) properties["wbdlerror"] = bounded(errorName, maxBytes.wbdlerror);
  if (errorCode) properties["wbdlcode"] = bounded(errorCode, maxBytes.wbdlcode);
  if (record.errorStack) {
    const left = maxDeadLetterBytes - propertyBytes(properties) - "wbdlstack".length;
    properties["wbdlstack"] = bounded(record.errorStack, left);
  }
  return properties;
}

/**
 * Reads why a message lies in a dead-letter queue, whoever put it there.
 *
 * A reason of the broker wins over properties that an earlier dead-lettering left on the message; a native reason
 * that is nobody's is `Manual`, and its text stands in the description.
 */
export function fromDeadLetterProperties(
  properties: Readonly<Record<string, unknown>>,
  native: NativeDeadLetter = {},
): DeadLetterRecord {
  const written = attributeText(properties["wbdlreason"]);
  const nativeReason = native.deadLetterReason ?? "";
  if (isReason(written) && (nativeReason === "" || nativeReason === written)) {
    return writtenRecord(written, properties);
  }
  const reason = isReason(nativeReason) ? nativeReason : reasonOfNative.get(nativeReason);
  const description = native.deadLetterErrorDescription ?? "";
  const named = [nativeReason, description].filter((part) => part !== "").join(": ");
  return {
    reason: reason ?? "Manual",
    description: redact(reason === undefined ? named : description, maxBytes.wbdldescription),
    attempts: number(properties["cloudEvents_wbattempt"]),
    deliveryCount: 0,
    consumer: "",
    from: "",
    at: "",
  };
}

function writtenRecord(
  reason: DeadLetterReason,
  properties: Readonly<Record<string, unknown>>,
): DeadLetterRecord {
  // Anybody may have written them, so they are cleaned and bounded as if they were ours to write.
  const text = (name: keyof typeof maxBytes): string =>
    bounded(attributeText(properties[name]), maxBytes[name]);
  const optional = {
    errorName: text("wbdlerror"),
    errorCode: text("wbdlcode"),
    errorStack: text("wbdlstack"),
    firstFailedAt: text("wbdlfirstfailed"),
  };
  return {
    reason,
    description: text("wbdldescription"),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== "")),
    attempts: number(properties["wbdlattempts"]),
    deliveryCount: number(properties["wbdldeliveries"]),
    consumer: text("wbdlconsumer"),
    from: text("wbdlfrom"),
    at: text("wbdlat"),
  };
}

const isReason = (reason: string): reason is DeadLetterReason => deadLetterReasons.has(reason);

function number(value: unknown): number {
  const given = typeof value === "number" || typeof value === "bigint" ? Number(value) : 0;
  return Number.isSafeInteger(given) && given > 0 ? given : 0;
}

const cutMarker = "…[cut]";

/** Redacted text of at most `maxBytes` of UTF-8, with a marker where something is missing. */
function bounded(text: string, maxBytes: number): string {
  const clean = redact(text, maxBytes);
  if (Buffer.byteLength(clean) <= maxBytes) return clean;
  const bytes = Buffer.from(clean).subarray(0, maxBytes - Buffer.byteLength(cutMarker));
  // A character cut in half decodes to U+FFFD.
  return bytes.toString("utf8").replace(/\uFFFD$/, "") + cutMarker;
}

function propertyBytes(properties: Readonly<Record<string, string | number>>): number {
  let bytes = 0;
  for (const name in properties) bytes += name.length + Buffer.byteLength(String(properties[name]));
  return bytes;
}
