import type { PropertyValue } from "../message.js";
import type { Arithmetic, Comparison } from "./sql-values.js";

/** A parsed expression: something with a value. */
export type ValueNode =
  | {
      readonly type: "constant";
      readonly value: PropertyValue;
      /** A double in the text, such as `2.0`, which must not be taken for an integer. */
      readonly decimal: boolean;
    }
  | PropertyNode
  | { readonly type: "propertyNamed"; readonly name: ValueNode }
  | { readonly type: "newId" }
  | { readonly type: "sign"; readonly operator: "+" | "-"; readonly operand: ValueNode }
  | {
      readonly type: "arithmetic";
      readonly operator: Arithmetic;
      readonly left: ValueNode;
      readonly right: ValueNode;
    };

export interface PropertyNode {
  readonly type: "property";
  readonly scope: "sys" | "user";
  readonly name: string;
}

/** A parsed predicate: something with a truth. The negated forms of the grammar are a `not` around the plain one. */
export type PredicateNode =
  | { readonly type: "and" | "or"; readonly left: PredicateNode; readonly right: PredicateNode }
  | { readonly type: "not"; readonly operand: PredicateNode }
  | {
      readonly type: "compare";
      readonly operator: Comparison;
      readonly left: ValueNode;
      readonly right: ValueNode;
    }
  | { readonly type: "isNull" | "exists"; readonly property: PropertyNode }
  | { readonly type: "in"; readonly value: ValueNode; readonly items: readonly ValueNode[] }
  | {
      readonly type: "like";
      readonly value: ValueNode;
      readonly pattern: ValueNode;
      readonly escape: ValueNode | undefined;
    };
