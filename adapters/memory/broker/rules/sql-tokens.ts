import { RuleSyntaxError } from "./rule-syntax-error.js";

export interface Token {
  readonly kind:
    "keyword" | "name" | "delimited" | "text" | "integer" | "decimal" | "parameter" | "symbol" | "end";
  /** Keywords in capitals; names, texts and parameters without their delimiters. */
  readonly text: string;
  /** Character of the expression at which the token starts, counted from 1. */
  readonly position: number;
}

/**
 * Splits a filter or action into tokens, the last of which is `end`.
 *
 * @throws {RuleSyntaxError} on more than 1,024 characters, an unclosed delimiter or a character of no token.
 */
export function tokenize(expression: string): readonly Token[] {
  if (expression.length > maxExpressionLength) {
    throw new RuleSyntaxError(
      `Expected an expression of at most ${String(maxExpressionLength)} characters`,
      maxExpressionLength + 1,
    );
  }
  const tokens: Token[] = [];
  let index = skipSpace(expression, 0);
  while (index < expression.length) {
    const { token, end } = readToken(expression, index);
    tokens.push(token);
    index = skipSpace(expression, end);
  }
  tokens.push({ kind: "end", text: "", position: expression.length + 1 });
  return tokens;
}

const maxExpressionLength = 1024;
const space = /\s/;
const letter = /\p{L}/u;
const namePart = /[\p{L}\p{Nd}_]/u;
const digit = /[0-9]/;
const symbols = ["<>", "!=", "<=", ">=", "=", "<", ">", "+", "-", "*", "/", "%", "(", ")", ",", ".", ";"];
const delimiters = new Map([
  ["[", "]"],
  ['"', '"'],
  ["'", "'"],
]);
const keywords = new Set("AND OR NOT IS NULL IN LIKE ESCAPE EXISTS TRUE FALSE SET REMOVE".split(" "));

interface ReadToken {
  readonly token: Token;
  /** Index of the first character after the token. */
  readonly end: number;
}

function skipSpace(expression: string, start: number): number {
  let index = start;
  while (index < expression.length && space.test(expression.charAt(index))) index++;
  return index;
}

function readToken(expression: string, start: number): ReadToken {
  const first = expression.charAt(start);
  const position = start + 1;
  const closing = delimiters.get(first);
  if (closing !== undefined) return readDelimited(expression, start, closing);
  if (letter.test(first)) {
    const end = endOfName(expression, start);
    const text = expression.slice(start, end);
    const upper = text.toUpperCase();
    const token: Token = keywords.has(upper)
      ? { kind: "keyword", text: upper, position }
      : { kind: "name", text, position };
    return { token, end };
  }
  if (digit.test(first)) return readNumber(expression, start);
  if (first === "@") {
    const end = endOfName(expression, start + 1);
    if (end === start + 1) throw new RuleSyntaxError("Expected the name of a parameter after '@'", position);
    return { token: { kind: "parameter", text: expression.slice(start + 1, end), position }, end };
  }
  const symbol = symbols.find((candidate) => expression.startsWith(candidate, start));
  if (symbol === undefined) throw new RuleSyntaxError("Expected a name, a constant or an operator", position);
  return { token: { kind: "symbol", text: symbol, position }, end: start + symbol.length };
}

/** Reads up to the closing delimiter; a doubled one stands for itself. */
function readDelimited(expression: string, start: number, closing: string): ReadToken {
  let text = "";
  let from = start + 1;
  for (;;) {
    const close = expression.indexOf(closing, from);
    if (close === -1) throw new RuleSyntaxError(`Expected a closing ${closing}`, expression.length + 1);
    text += expression.slice(from, close);
    if (expression.charAt(close + 1) !== closing) {
      const kind = closing === "'" ? "text" : "delimited";
      return { token: { kind, text, position: start + 1 }, end: close + 1 };
    }
    text += closing;
    from = close + 2;
  }
}

function endOfName(expression: string, start: number): number {
  let index = start;
  while (index < expression.length && namePart.test(expression.charAt(index))) index++;
  return index;
}

const number = /[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;

function readNumber(expression: string, start: number): ReadToken {
  number.lastIndex = start;
  const match = number.exec(expression);
  const text = match?.[0] ?? "";
  const end = start + text.length;
  if (namePart.test(expression.charAt(end))) {
    throw new RuleSyntaxError("Expected the end of the number", end + 1);
  }
  const kind = match?.[1] === undefined && match?.[2] === undefined ? "integer" : "decimal";
  return { token: { kind, text, position: start + 1 }, end };
}
