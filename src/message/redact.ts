/** Characters looked at; what is beyond them is cut before anything else is done. */
const maxInputLength = 32 * 1024;

/**
 * Makes text of unknown origin fit for logs, errors and dead letters: secrets out, control characters and terminal
 * escapes out, bounded.
 *
 * Every expression is linear in the text. It finds the spellings of secrets that Azure and HTTP use; a bare secret
 * without its name cannot be told from other text.
 * @param maxLength characters of the result, the marker of a cut included. Default 1 024.
 */
export function redact(text: string, maxLength = 1024): string {
  const bounded = text.length > maxInputLength ? text.slice(0, maxInputLength) : text;
  return clipped(withoutSecrets(withoutControls(bounded)), maxLength, text.length > bounded.length);
}

/** Only takes the secrets out, of the first 32 KiB of a text; what is beyond is cut. The text itself if there are none. */
export function withoutSecrets(text: string): string {
  let clean = text.length > maxInputLength ? text.slice(0, maxInputLength) : text;
  if (!suspicious.test(clean)) return clean;
  for (const [secret, replacement] of secrets) clean = clean.replace(secret, replacement);
  return clean;
}

const hidden = "[redacted]";

/** No spelling below does without one of these; most texts do, and each spelling looked for costs as much as this. */
const suspicious = /[:=]|bearer\s|eyJ/i;

/** What ends a value: white space, quotes, and the separators of queries, connection strings and JSON. */
const secrets: readonly (readonly [RegExp, string])[] = [
  // Before the rest, which would end at the `&` inside of the token.
  [/\b(aeg-sas-(?:key|token)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"',;]+/gi, `$1${hidden}`],
  [/\b(authorization["']?\s{0,4}[:=]\s{0,4}["']?(?:[a-z]{1,32}\s{1,4})?)[^\s"',;]+/gi, `$1${hidden}`],
  [/\b(bearer\s{1,4})[^\s"',;]+/gi, `$1${hidden}`],
  [
    /\b((?:sharedaccesskey|accountkey|accesskey|sig|signature|password|passwd|pwd|client_?secret|api[-_]?key)["']?\s{0,4}[:=]\s{0,4}["']?)[^\s"'&;,<>]+/gi,
    `$1${hidden}`,
  ],
  // Names that mean a secret in a query and anything elsewhere.
  [
    /([?&](?:code|key|token|secret|subscription-key|[a-z]{1,16}[-_](?:token|key|secret))=)[^\s"'&;,<>#]+/gi,
    `$1${hidden}`,
  ],
  [/:\/\/[^\s/?#"'<>]{1,512}@/g, `://${hidden}@`],
  // A JSON web token, wherever it stands.
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, hidden],
];

/** Line breaks become spaces; what could move a cursor, colour a terminal or turn the reading direction goes. */
function withoutControls(text: string): string {
  const [first = "", ...escaped] = text.split("\u001b");
  const plain = escaped.length === 0 ? text : first + escaped.map(afterEscape).join("");
  return plain.replace(/[\p{Cc}\u2028\u2029]+ */gu, " ").replace(/[\u202a-\u202e\u2066-\u2069]/g, "");
}

const afterEscape = (text: string): string => text.replace(/^\[[0-9;?]*[ -/]*[@-~]/, "");

function clipped(text: string, maxLength: number, alreadyCut: boolean): string {
  if (text.length <= maxLength && !alreadyCut) return text;
  const kept = text.slice(0, Math.max(0, maxLength - 1));
  return `${isHighSurrogate(kept.charCodeAt(kept.length - 1)) ? kept.slice(0, -1) : kept}…`;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
