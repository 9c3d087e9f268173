import type { BrokerMessage } from "../message.js";
import { compileExpression, compileProperty, type Evaluate } from "./compile-expression.js";
import { compileLike } from "./like.js";
import { parsePredicate } from "./parse-predicate.js";
import type { SqlText } from "./sql-text.js";
import type { PredicateNode, ValueNode } from "./sql-tree.js";
import { compare, type Truth } from "./sql-values.js";

/**
 * Compiles a SQL filter to a test of one message, true only when the predicate is TRUE.
 *
 * @throws {RuleSyntaxError} here; the test throws {@link RuleError}.
 */
export function compileFilter(filter: SqlText, newId: () => string): (message: BrokerMessage) => boolean {
  const predicate = compilePredicate(parsePredicate(filter.expression, filter.parameters), newId);
  return (message) => predicate(message) === true;
}

type Predicate = (message: BrokerMessage) => Truth;

function compilePredicate(node: PredicateNode, newId: () => string): Predicate {
  switch (node.type) {
    case "and":
      return compileAnd(compilePredicate(node.left, newId), compilePredicate(node.right, newId));
    case "or":
      return compileOr(compilePredicate(node.left, newId), compilePredicate(node.right, newId));
    case "not":
      return compileNot(compilePredicate(node.operand, newId));
    case "compare": {
      const left = compileExpression(node.left, newId);
      const right = compileExpression(node.right, newId);
      const { operator } = node;
      return (message) => compare(operator, left(message), right(message));
    }
    case "isNull": {
      const read = compileProperty(node.property);
      return (message) => (read(message) ?? null) === null;
    }
    case "exists": {
      const read = compileProperty(node.property);
      return (message) => read(message) !== undefined;
    }
    case "in":
      return compileIn(node.value, node.items, newId);
    case "like":
      return compileLikeTest(node, newId);
  }
}

function compileAnd(left: Predicate, right: Predicate): Predicate {
  return (message) => {
    const first = left(message);
    if (first === false) return false;
    const second = right(message);
    return second === false ? false : first && second;
  };
}

function compileOr(left: Predicate, right: Predicate): Predicate {
  return (message) => {
    const first = left(message);
    if (first === true) return true;
    const second = right(message);
    if (second === true) return true;
    return first === false ? second : undefined;
  };
}

function compileNot(operand: Predicate): Predicate {
  return (message) => {
    const truth = operand(message);
    return truth === undefined ? undefined : !truth;
  };
}

function compileIn(value: ValueNode, items: readonly ValueNode[], newId: () => string): Predicate {
  const evaluate = compileExpression(value, newId);
  const evaluateItems = items.map((item) => compileExpression(item, newId));
  return (message) => {
    const wanted = evaluate(message);
    if (wanted === undefined || wanted === null) return undefined;
    let found: Truth = false;
    for (const item of evaluateItems) {
      const same = compare("=", wanted, item(message));
      if (same === true) return true;
      if (same === undefined) found = undefined;
    }
    return found;
  };
}

function compileLikeTest(node: PredicateNode & { type: "like" }, newId: () => string): Predicate {
  const value = compileExpression(node.value, newId);
  const pattern = compileExpression(node.pattern, newId);
  const escape: Evaluate | undefined = node.escape && compileExpression(node.escape, newId);
  // Most patterns are constants: the last one compiled is the next one wanted.
  let last: { pattern: string; escape: string | undefined; matches: (text: string) => boolean } | undefined;
  return (message) => {
    const text = value(message);
    const currentPattern = pattern(message);
    const currentEscape = escape?.(message);
    if (typeof text !== "string" || typeof currentPattern !== "string") return undefined;
    if (escape !== undefined && typeof currentEscape !== "string") return undefined;
    const escapeText = typeof currentEscape === "string" ? currentEscape : undefined;
    if (last?.pattern !== currentPattern || last.escape !== escapeText) {
      last = {
        pattern: currentPattern,
        escape: escapeText,
        matches: compileLike(currentPattern, escapeText),
      };
    }
    return last.matches(text);
  };
}
