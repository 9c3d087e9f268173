import type { SchemaIssue } from "./standard-schema.js";

/**
 * What a schema found wrong, in one bounded line: each issue with its JSON pointer.
 *
 * Values are not quoted, since the text goes to logs and dead letters: libraries that put the value into their message
 * (`… but received "x"`, `(was "x")`) lose that part, and what is left of `data`'s value at the path is blanked.
 */
export function describeIssues(issues: readonly SchemaIssue[], data: unknown): string {
  const shown = issues.slice(0, maxIssues).map((issue) => describeIssue(issue, data));
  const hidden = issues.length - shown.length;
  return shown.join("; ") + (hidden > 0 ? `; and ${String(hidden)} more` : "");
}

/** Text of somebody else, fit for one line of ours: bounded, without control characters. */
export function oneLine(text: string, maxLength: number): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu, " ").trim();
  return printable.length <= maxLength ? printable : `${printable.slice(0, maxLength)}…`;
}

const maxIssues = 5;

function describeIssue(issue: SchemaIssue, data: unknown): string {
  const keys = (issue.path ?? []).map((part) => (typeof part === "object" ? part.key : part));
  const pointer = keys.map((key) => `/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
  const text = oneLine(withoutValue(issue.message, valueAt(data, keys)), 200);
  return pointer === "" ? text : `${oneLine(pointer, 100)}: ${text}`;
}

function withoutValue(message: string, value: unknown): string {
  const text = message.replace(/ ?\(was .*\)/s, "").replace(/,? but received .*$/s, "");
  if (typeof value !== "string" && typeof value !== "number" && typeof value !== "bigint") return text;
  const shown = String(value);
  // A value of one or two characters tells nothing and would blank parts of words.
  return shown.length < 3 ? text : text.replaceAll(shown, "…");
}

function valueAt(data: unknown, keys: readonly PropertyKey[]): unknown {
  let value = data;
  for (const key of keys) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}
