import { MalformedMessage } from "./malformed-message.js";
import { readSimple } from "./simple-value.js";
import { skipValue } from "./skip-value.js";

/**
 * Where the sections of a message are (AMQP 1.0 part 3, 3.2): each field is the position of a section's value, behind the
 * descriptor, or `absent`; `…Start` is where the section itself begins.
 */
export interface Sections {
  readonly header: number;
  readonly messageAnnotations: number;
  readonly propertiesStart: number;
  readonly properties: number;
  readonly applicationPropertiesStart: number;
  readonly applicationProperties: number;
  /** Where body and footer begin, or would begin; they reach to the end of the message. */
  readonly restStart: number;
  /** Where the body begins. */
  readonly bodyStart: number;
  /** What the first section of the body is. `none`: the message has no body. */
  readonly bodyKind: BodyKind;
  /** How many sections the body has. */
  readonly bodySections: number;
  /** The value of the first section of the body. */
  readonly body: number;
  readonly bodyEnd: number;
}

export type BodyKind = "none" | "data" | "sequence" | "value";

export const absent = -1;

/**
 * Finds the sections of an encoded message. What they contain is not looked at.
 *
 * @throws {MalformedMessage} for unknown sections, sections out of order, and anything that is cut off
 */
export function scanSections(bytes: Buffer): Sections {
  const found = { ...nothing, restStart: bytes.length, bodyStart: bytes.length, bodyEnd: bytes.length };
  let last = 0;
  for (let at = 0; at < bytes.length;) {
    const { code, value } = readDescriptor(bytes, at);
    const end = skipValue(bytes, value, bytes.length);
    if (!mayFollow(code, last, found)) {
      throw new MalformedMessage("The sections of a message are out of order.");
    }
    last = code;
    note(found, code, { at, value, end });
    at = end;
  }
  // Without one of these, the next section that is there begins where it would.
  if (found.applicationPropertiesStart === absent) found.applicationPropertiesStart = found.restStart;
  if (found.propertiesStart === absent) found.propertiesStart = found.applicationPropertiesStart;
  return found;
}

type Found = { -readonly [K in keyof Sections]: Sections[K] };

const nothing: Sections = {
  header: absent,
  messageAnnotations: absent,
  propertiesStart: absent,
  properties: absent,
  applicationPropertiesStart: absent,
  applicationProperties: absent,
  restStart: absent,
  bodyStart: absent,
  bodyKind: "none",
  bodySections: 0,
  body: absent,
  bodyEnd: absent,
};

const data = 0x75;
const sequence = 0x76;
const footer = 0x78;

function mayFollow(code: number, last: number, found: Sections): boolean {
  // rhea, and with it Microsoft's SDK, writes the footer in front of the body.
  if (last === footer) return code >= data && code < footer && found.bodySections === 0;
  return code > last || (code === last && (code === data || code === sequence));
}

/** One section: where it begins, where its value does, and where it ends. */
interface Span {
  readonly at: number;
  readonly value: number;
  readonly end: number;
}

function note(found: Found, code: number, { at, value, end }: Span): void {
  switch (code) {
    case 0x70:
      found.header = value;
      return;
    case 0x71:
      return;
    case 0x72:
      found.messageAnnotations = value;
      return;
    case 0x73:
      found.propertiesStart = at;
      found.properties = value;
      return;
    case 0x74:
      found.applicationPropertiesStart = at;
      found.applicationProperties = value;
      return;
    case footer:
      if (found.bodySections === 0) found.restStart = at;
      return;
    default:
      noteBody(found, bodyKinds.get(code) ?? "value", { at, value, end });
  }
}

function noteBody(found: Found, kind: BodyKind, { at, value, end }: Span): void {
  if (found.bodySections === 0) {
    found.restStart = Math.min(found.restStart, at);
    found.bodyStart = at;
    found.bodyKind = kind;
    found.body = value;
  } else if (found.bodyKind !== kind) {
    throw new MalformedMessage("The body of a message has sections of different kinds.");
  }
  found.bodyEnd = end;
  found.bodySections += 1;
}

const bodyKinds: ReadonlyMap<number, BodyKind> = new Map([
  [data, "data"],
  [sequence, "sequence"],
  [0x77, "value"],
]);

/** The number of the section at `at`, 0x70 to 0x78, and where its value begins. */
export function readDescriptor(bytes: Buffer, at: number): { code: number; value: number } {
  // Nearly everybody writes a small ulong.
  if (bytes[at] === 0 && bytes[at + 1] === 0x53) return { code: known(bytes[at + 2]), value: at + 3 };
  if (bytes[at] !== 0) throw new MalformedMessage("A section of a message has no descriptor.");
  const value = skipValue(bytes, at + 1, bytes.length);
  const descriptor = readSimple(bytes, at + 1);
  return { code: known(typeof descriptor === "string" ? names.get(descriptor) : descriptor), value };
}

function known(code: unknown): number {
  if (typeof code === "number" && code >= 0x70 && code <= 0x78) return code;
  throw new MalformedMessage("A message has a section that AMQP does not know.");
}

const names: ReadonlyMap<string, number> = new Map([
  ["amqp:header:list", 0x70],
  ["amqp:delivery-annotations:map", 0x71],
  ["amqp:message-annotations:map", 0x72],
  ["amqp:properties:list", 0x73],
  ["amqp:application-properties:map", 0x74],
  ["amqp:data:binary", data],
  ["amqp:amqp-sequence:list", sequence],
  ["amqp:amqp-value:*", 0x77],
  ["amqp:value:*", 0x77],
  ["amqp:footer:map", footer],
]);
