import type { BrokerMessage } from "../message.js";
import { readUserProperty, systemPropertyReader } from "./properties.js";
import { RuleError } from "./rule-error.js";
import type { PropertyNode, ValueNode } from "./sql-tree.js";
import { calculate, promote, type SqlValue } from "./sql-values.js";

/** Evaluates one expression for one message. @throws {RuleError} */
export type Evaluate = (message: BrokerMessage) => SqlValue;

/** Compiles an expression to a closure. */
export function compileExpression(node: ValueNode, newId: () => string): Evaluate {
  switch (node.type) {
    case "constant":
      return () => node.value;
    case "property":
      return compileProperty(node);
    case "propertyNamed":
      return compilePropertyNamed(compileExpression(node.name, newId));
    case "newId":
      return newId;
    case "sign": {
      const operand = compileNumber(node.operand, newId);
      const operator = node.operator;
      return (message) => calculate(operator, 0n, rejectText(operator, operand(message)));
    }
    case "arithmetic": {
      const left = compileNumber(node.left, newId);
      const right = compileNumber(node.right, newId);
      const operator = node.operator;
      return (message) => calculate(operator, left(message), right(message));
    }
  }
}

export function compileProperty(node: PropertyNode): Evaluate {
  const { name } = node;
  if (node.scope === "sys") return systemPropertyReader(name);
  const folded = name.toLowerCase();
  return (message) => readUserProperty(message, name, folded);
}

/** Like {@link compileExpression}, with whole numbers of the message as int64: only arithmetic tells the difference. */
function compileNumber(node: ValueNode, newId: () => string): Evaluate {
  const evaluate = compileExpression(node, newId);
  const alreadyTyped =
    node.type === "arithmetic" || node.type === "sign" || (node.type === "constant" && node.decimal);
  return alreadyTyped ? evaluate : (message) => promote(evaluate(message));
}

function compilePropertyNamed(evaluateName: Evaluate): Evaluate {
  return (message) => {
    const name = evaluateName(message);
    if (name === undefined || name === null) return undefined;
    if (typeof name !== "string") throw new RuleError("The argument of property() must be a text.");
    const scoped = /^(sys|user)\./i.exec(name)?.[0];
    const scope = scoped?.toLowerCase() === "sys." ? "sys" : "user";
    return compileProperty({ type: "property", scope, name: name.slice(scoped?.length ?? 0) })(message);
  };
}

function rejectText(operator: string, value: SqlValue): SqlValue {
  if (typeof value === "string") throw new RuleError(`Operator '${operator}' cannot be applied to a string.`);
  return value;
}
