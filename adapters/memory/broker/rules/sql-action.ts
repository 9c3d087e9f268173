import type { BrokerMessage, PropertyValue } from "../message.js";
import { compileExpression, type Evaluate } from "./compile-expression.js";
import { parseExpression, parseProperty, type Parameters } from "./parse-expression.js";
import { failUnknown, findKey, writableSystemProperty } from "./properties.js";
import { RuleSyntaxError } from "./rule-syntax-error.js";
import type { PropertyNode } from "./sql-tree.js";
import type { SqlText } from "./sql-text.js";
import { demote, toText, type SqlValue } from "./sql-values.js";
import { TokenCursor } from "./token-cursor.js";

/**
 * Compiles the SET and REMOVE statements of an action, which run in order on one copy of the message.
 *
 * @throws {RuleSyntaxError} here, also on more than 32 statements; the result throws {@link RuleError}.
 */
export function compileAction(
  ruleName: string,
  action: SqlText,
  newId: () => string,
): (message: BrokerMessage) => BrokerMessage {
  const statements = parseStatements(action.expression, action.parameters, newId);
  return (message) => {
    const properties = copyProperties(message);
    const copy: Draft = { ...message, applicationProperties: properties };
    for (const { target, evaluate } of statements) {
      if (target.scope === "sys") changeSystemProperty(copy, target.name, evaluate?.(copy));
      else changeUserProperty(properties, target.name, evaluate, copy);
    }
    setProperty(properties, "RuleName", ruleName);
    return { ...copy, applicationProperties: Object.freeze({ ...properties }) };
  };
}

interface Statement {
  readonly target: PropertyNode;
  /** Absent for REMOVE. */
  readonly evaluate: Evaluate | undefined;
}

type Draft = { -readonly [Key in keyof BrokerMessage]: BrokerMessage[Key] };
type Properties = Record<string, PropertyValue>;

const maxStatements = 32;

function parseStatements(
  expression: string,
  parameters: Parameters,
  newId: () => string,
): readonly Statement[] {
  const cursor = new TokenCursor(expression);
  const statements: Statement[] = [];
  do {
    if (statements.length === maxStatements) {
      throw new RuleSyntaxError(
        `Expected at most ${String(maxStatements)} statements in an action`,
        cursor.next.position,
      );
    }
    statements.push(parseStatement(cursor, parameters, newId));
    cursor.accept(";");
  } while (cursor.next.kind !== "end");
  return statements;
}

function parseStatement(cursor: TokenCursor, parameters: Parameters, newId: () => string): Statement {
  if (cursor.accept("REMOVE")) return { target: parseProperty(cursor), evaluate: undefined };
  if (!cursor.accept("SET")) cursor.fail("SET or REMOVE");
  const target = parseProperty(cursor);
  cursor.expect("=");
  return { target, evaluate: compileExpression(parseExpression(cursor, parameters), newId) };
}

/** A copy without a prototype, in which `__proto__` is a name like any other. */
function copyProperties(message: BrokerMessage): Properties {
  const properties = Object.create(null) as Properties;
  return Object.assign(properties, message.applicationProperties);
}

function changeSystemProperty(copy: Draft, name: string, value: SqlValue): void {
  const field = writableSystemProperty(name);
  if (field === undefined) failUnknown(name);
  if (field === "ignored") return;
  const stored = demote(value);
  if (stored === undefined || stored === null) Reflect.deleteProperty(copy, field);
  else copy[field] = toText(stored);
}

function changeUserProperty(
  properties: Properties,
  name: string,
  evaluate: Evaluate | undefined,
  copy: BrokerMessage,
): void {
  if (evaluate !== undefined) {
    setProperty(properties, name, evaluate(copy));
    return;
  }
  const key = existingKey(properties, name);
  if (key !== undefined) Reflect.deleteProperty(properties, key);
}

function setProperty(properties: Properties, name: string, value: SqlValue): void {
  const key = existingKey(properties, name);
  const stored = demote(value) ?? null;
  properties[key ?? name] = key === undefined ? stored : convertLike(properties[key], stored);
}

function existingKey(properties: Properties, name: string): string | undefined {
  return Object.hasOwn(properties, name) ? name : findKey(properties, name.toLowerCase());
}

/** SET keeps the type of an existing property where the new value can be converted to it. */
function convertLike(existing: SqlValue, value: PropertyValue): PropertyValue {
  if (value === null) return null;
  if (typeof existing === "string") return value instanceof Uint8Array ? value : toText(value);
  if (typeof value !== "string") return value;
  if (typeof existing === "number") return decimalText.test(value) ? Number(value) : value;
  if (typeof existing === "bigint") return integerText.test(value) ? BigInt(value) : value;
  if (typeof existing === "boolean") return booleanTexts.get(value.toLowerCase()) ?? value;
  return value;
}

const decimalText = /^[+-]?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const integerText = /^-?\d{1,19}$/;
const booleanTexts: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);
