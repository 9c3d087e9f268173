/**
 * The character at which text stops being JSON, or -1 where it is JSON.
 *
 * The engine tells the position only for some errors and only in some versions, and quotes the payload with it.
 */
export function jsonErrorPosition(text: string): number {
  const closers: ("}" | "]")[] = [];
  let expected: "value" | "item" | "key" | "member" | "separator" = "value";
  let at = 0;
  for (;;) {
    at = skipSpace(text, at);
    const found = text[at];
    if (expected === "separator") {
      const closer = closers.at(-1);
      if (closer === undefined) return at === text.length ? -1 : at;
      if (found === closer) closers.pop();
      else if (found === ",") expected = closer === "}" ? "key" : "value";
      else return at;
      at += 1;
    } else if (expected === "key" || expected === "member") {
      if (found === "}" && expected === "member") {
        closers.pop();
        expected = "separator";
        at += 1;
        continue;
      }
      const end = stringEnd(text, at);
      if (end < 0) return ~end;
      at = skipSpace(text, end);
      if (text[at] !== ":") return at;
      at += 1;
      expected = "value";
    } else if (found === "{" || found === "[") {
      closers.push(found === "{" ? "}" : "]");
      expected = found === "{" ? "member" : "item";
      at += 1;
    } else if (found === "]" && expected === "item") {
      closers.pop();
      expected = "separator";
      at += 1;
    } else {
      const end = scalarEnd(text, at);
      if (end < 0) return ~end;
      at = end;
      expected = "separator";
    }
  }
}

/**
 * The text of one member of a JSON object, as it stands there; of duplicate keys the last one.
 *
 * @param object the valid text of a JSON object.
 */
export function memberText(object: string, key: string): string | undefined {
  let member: string | undefined;
  let at = skipSpace(object, object.indexOf("{") + 1);
  while (object[at] === '"') {
    const keyEnd = stringEnd(object, at);
    const found = object.slice(at, keyEnd);
    const start = skipSpace(object, skipSpace(object, keyEnd) + 1);
    const end = valueEnd(object, start);
    if (found === `"${key}"` || (found.includes("\\") && JSON.parse(found) === key)) {
      member = object.slice(start, end);
    }
    at = skipSpace(object, skipSpace(object, end) + 1);
  }
  return member;
}

/**
 * The texts of the elements of a JSON array, as they stand there.
 *
 * @param array the valid text of a JSON array.
 */
export function elementTexts(array: string): readonly string[] {
  const elements: string[] = [];
  let at = skipSpace(array, array.indexOf("[") + 1);
  while (at < array.length && array[at] !== "]") {
    const end = valueEnd(array, at);
    elements.push(array.slice(at, end));
    at = skipSpace(array, end);
    if (array[at] === ",") at = skipSpace(array, at + 1);
  }
  return elements;
}

function valueEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  do {
    const found = text[at];
    if (found === '"') {
      at = stringEnd(text, at);
      continue;
    }
    if (found === "{" || found === "[") depth += 1;
    else if (found === "}" || found === "]") depth -= 1;
    else if (depth === 0) return scalarEnd(text, at);
    at += 1;
  } while (depth > 0);
  return at;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return at;
}

/** Where the scalar that begins at `at` ends, or the bitwise complement of where it goes wrong. */
function scalarEnd(text: string, at: number): number {
  if (text[at] === '"') return stringEnd(text, at);
  const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
  scalar.lastIndex = at;
  return scalar.test(text) ? scalar.lastIndex : ~at;
}

function stringEnd(text: string, start: number): number {
  if (text[start] !== '"') return ~start;
  for (let at = start + 1; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (unit < 0x20) return ~at;
    if (unit !== 0x5c) continue;
    const escape = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;
    escape.lastIndex = at;
    if (!escape.test(text)) return ~at;
    at = escape.lastIndex - 1;
  }
  return ~text.length;
}
