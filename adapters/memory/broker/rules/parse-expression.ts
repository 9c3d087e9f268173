import type { PropertyValue } from "../message.js";
import { isUnsupportedSystemProperty } from "./properties.js";
import { RuleSyntaxError } from "./rule-syntax-error.js";
import type { Token } from "./sql-tokens.js";
import type { PropertyNode, ValueNode } from "./sql-tree.js";
import type { Arithmetic } from "./sql-values.js";
import type { TokenCursor } from "./token-cursor.js";

export type Parameters = Readonly<Record<string, PropertyValue>> | undefined;

/** Parses a value: constants, properties, functions, `+ - * / %`, signs and parentheses. */
export function parseExpression(cursor: TokenCursor, parameters: Parameters): ValueNode {
  return continueExpression(cursor, parameters, parseOperand(cursor, parameters));
}

/** Parses the operators that follow a value which was already read. */
export function continueExpression(
  cursor: TokenCursor,
  parameters: Parameters,
  first: ValueNode,
  weakest = 1,
): ValueNode {
  let left = first;
  for (;;) {
    const operator = arithmeticAt(cursor);
    if (operator === undefined) return left;
    const strength = strengths[operator];
    if (strength < weakest) return left;
    cursor.take();
    const operand = parseOperand(cursor, parameters);
    const right = continueExpression(cursor, parameters, operand, strength + 1);
    left = { type: "arithmetic", operator, left, right };
  }
}

export function parseProperty(cursor: TokenCursor): PropertyNode {
  const token = cursor.take();
  if (token.kind !== "name" && token.kind !== "delimited") cursor.fail("a property", token);
  const scope = token.kind === "name" && cursor.at(".") ? scopeOf(cursor, token) : undefined;
  if (scope === undefined) return { type: "property", scope: "user", name: token.text };
  cursor.expect(".");
  const name = cursor.take();
  if (name.kind !== "name" && name.kind !== "delimited") cursor.fail("a property name", name);
  if (scope === "sys" && isUnsupportedSystemProperty(name.text)) {
    throw new RuleSyntaxError(
      `Expected another property: this broker gives sys.${name.text} no value in rules`,
      name.position,
    );
  }
  return { type: "property", scope, name: name.text };
}

const strengths: Readonly<Record<Arithmetic, number>> = { "+": 1, "-": 1, "*": 2, "/": 2, "%": 2 };

function arithmeticAt(cursor: TokenCursor): Arithmetic | undefined {
  const { kind, text } = cursor.next;
  return kind === "symbol" && isArithmetic(text) ? text : undefined;
}

function isArithmetic(text: string): text is Arithmetic {
  return Object.hasOwn(strengths, text);
}

function scopeOf(cursor: TokenCursor, token: Token): "sys" | "user" {
  const scope = token.text.toLowerCase();
  return scope === "sys" || scope === "user" ? scope : cursor.fail("the scope 'sys' or 'user'", token);
}

/** Parses one operand with its signs: everything that binds tighter than an operator. */
export function parseOperand(cursor: TokenCursor, parameters: Parameters): ValueNode {
  const token = cursor.next;
  switch (token.kind) {
    case "symbol":
      return parseSymbol(cursor, parameters, token);
    case "keyword":
      return parseKeywordConstant(cursor, token);
    case "text":
      return constant(cursor.take().text);
    case "integer":
    case "decimal":
      return parseNumber(cursor.take());
    case "parameter":
      return parseParameter(cursor.take(), parameters);
    case "name":
      return cursor.ahead(1).text === "(" && cursor.ahead(1).kind === "symbol"
        ? parseFunction(cursor, parameters)
        : parseProperty(cursor);
    case "delimited":
      return parseProperty(cursor);
    case "end":
      return cursor.fail("an expression");
  }
}

function parseSymbol(cursor: TokenCursor, parameters: Parameters, token: Token): ValueNode {
  if (cursor.accept("(")) {
    const inner = cursor.nested(() => parseExpression(cursor, parameters));
    cursor.expect(")");
    return inner;
  }
  if (token.text !== "+" && token.text !== "-") cursor.fail("an expression");
  cursor.take();
  const operand = cursor.nested(() => parseOperand(cursor, parameters));
  return { type: "sign", operator: token.text, operand };
}

function parseKeywordConstant(cursor: TokenCursor, token: Token): ValueNode {
  if (cursor.accept("TRUE")) return constant(true);
  if (cursor.accept("FALSE")) return constant(false);
  if (cursor.accept("NULL")) return constant(null);
  return cursor.fail("an expression", token);
}

function parseNumber(token: Token): ValueNode {
  if (token.kind === "decimal") return { type: "constant", value: Number(token.text), decimal: true };
  const value = BigInt(token.text);
  if (BigInt.asIntN(64, value) !== value) {
    throw new RuleSyntaxError("Expected an integer of at most 64 bits", token.position);
  }
  return constant(value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value);
}

function parseParameter(token: Token, parameters: Parameters): ValueNode {
  for (const name of [`@${token.text}`, token.text]) {
    if (parameters !== undefined && Object.hasOwn(parameters, name))
      return constant(parameters[name] ?? null);
  }
  throw new RuleSyntaxError(`Expected a value for the parameter '@${token.text}'`, token.position);
}

function parseFunction(cursor: TokenCursor, parameters: Parameters): ValueNode {
  const token = cursor.take();
  const name = token.text.toLowerCase();
  if (name !== "newid" && name !== "property" && name !== "p") {
    cursor.fail("the function newid, property or p", token);
  }
  cursor.expect("(");
  const node: ValueNode =
    name === "newid"
      ? { type: "newId" }
      : { type: "propertyNamed", name: cursor.nested(() => parseExpression(cursor, parameters)) };
  cursor.expect(")");
  return node;
}

function constant(value: PropertyValue): ValueNode {
  return { type: "constant", value, decimal: false };
}
