/** A value that JSON can carry. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;

/** A JSON object. Read its members with {@link member}: a sender chooses the names. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !isJsonArray(value);
}

/** Narrows to an array. `Array.isArray` alone does not narrow readonly arrays away. */
export function isJsonArray(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Reads an own member, so that names such as `__proto__` and `constructor` find nothing of the engine's. */
export function member(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Reads an own member that is a text with at least one character. */
export function textMember(object: JsonObject, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Cuts the text of a JSON array into the texts of its elements, unchanged: parsing and printing an event again would
 * round its large numbers. The text must already have been parsed successfully.
 */
export function arrayElements(text: string): readonly string[] {
  const elements: string[] = [];
  let depth = 0;
  let start = 0;
  const cut = (end: number): void => {
    const element = text.slice(start, end).trim();
    if (element !== "") elements.push(element);
    start = end + 1;
  };
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (char === openBracket || char === openBrace) {
      depth += 1;
      if (depth === 1) start = at + 1;
    } else if (char === closeBracket || char === closeBrace) {
      depth -= 1;
      if (depth === 0) cut(at);
    } else if (char === comma && depth === 1) cut(at);
  }
  return elements;
}

/**
 * Whether the text of a JSON value opens more arrays and objects inside each other than `levels`. The text must
 * already have been parsed successfully.
 */
export function isDeeperThan(text: string, levels: number): boolean {
  // Each level takes a character to open it and one to close it.
  if (text.length < 2 * (levels + 1)) return false;
  let depth = 0;
  for (let at = 0; at < text.length && depth <= levels; at++) {
    const char = text.charCodeAt(at);
    if (char === quote) at = endOfString(text, at);
    else if (char === openBracket || char === openBrace) depth += 1;
    else if (char === closeBracket || char === closeBrace) depth -= 1;
  }
  return depth > levels;
}

const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const comma = 0x2c;

function endOfString(text: string, open: number): number {
  let at = open + 1;
  while (text.charCodeAt(at) !== quote) at += text.charCodeAt(at) === backslash ? 2 : 1;
  return at;
}
