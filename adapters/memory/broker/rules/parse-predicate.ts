import {
  continueExpression,
  parseExpression,
  parseOperand,
  parseProperty,
  type Parameters,
} from "./parse-expression.js";
import type { PredicateNode, ValueNode } from "./sql-tree.js";
import type { Comparison } from "./sql-values.js";
import { TokenCursor } from "./token-cursor.js";

/**
 * Parses a whole SQL filter, by the grammar of Microsoft's "Subscription Rule SQL Filter Syntax".
 *
 * An expression alone, such as a boolean property, is no predicate there and is refused here.
 *
 * @throws {RuleSyntaxError}
 */
export function parsePredicate(expression: string, parameters: Parameters): PredicateNode {
  const parser = new PredicateParser(new TokenCursor(expression), parameters);
  return parser.parseAll();
}

/** What a parenthesis may hold: only the tokens after it tell which of the two it was. */
type Parsed =
  | { readonly predicate: PredicateNode; readonly value?: undefined }
  | { readonly value: ValueNode; readonly predicate?: undefined };

class PredicateParser {
  constructor(
    private readonly cursor: TokenCursor,
    private readonly parameters: Parameters,
  ) {}

  parseAll(): PredicateNode {
    const predicate = this.asPredicate(this.parseOr());
    if (this.cursor.next.kind !== "end") this.cursor.fail("AND, OR or the end");
    return predicate;
  }

  private parseOr(): Parsed {
    let left = this.parseAnd();
    while (this.cursor.at("OR")) {
      const leftPredicate = this.asPredicate(left);
      this.cursor.take();
      left = { predicate: { type: "or", left: leftPredicate, right: this.asPredicate(this.parseAnd()) } };
    }
    return left;
  }

  private parseAnd(): Parsed {
    let left = this.parseNot();
    while (this.cursor.at("AND")) {
      const leftPredicate = this.asPredicate(left);
      this.cursor.take();
      left = { predicate: { type: "and", left: leftPredicate, right: this.asPredicate(this.parseNot()) } };
    }
    return left;
  }

  private parseNot(): Parsed {
    if (!this.cursor.accept("NOT")) return this.parseTest();
    const operand = this.cursor.nested(() => this.asPredicate(this.parseNot()));
    return { predicate: { type: "not", operand } };
  }

  /** Parses EXISTS, or a value and the test of it. */
  private parseTest(): Parsed {
    if (this.cursor.accept("EXISTS")) {
      this.cursor.expect("(");
      const property = parseProperty(this.cursor);
      this.cursor.expect(")");
      return { predicate: { type: "exists", property } };
    }
    const parsed = this.cursor.at("(")
      ? this.parseParenthesis()
      : { value: parseExpression(this.cursor, this.parameters) };
    if (parsed.value === undefined) return parsed;
    const predicate = this.parseTestOf(parsed.value);
    return predicate === undefined ? parsed : { predicate };
  }

  private parseParenthesis(): Parsed {
    this.cursor.expect("(");
    const inner = this.cursor.nested(() => this.parseOr());
    this.cursor.expect(")");
    if (inner.value === undefined) return inner;
    return { value: continueExpression(this.cursor, this.parameters, inner.value) };
  }

  private parseTestOf(value: ValueNode): PredicateNode | undefined {
    const comparison = comparisons.get(this.cursor.next.kind === "symbol" ? this.cursor.next.text : "");
    if (comparison !== undefined) {
      this.cursor.take();
      return { type: "compare", operator: comparison, left: value, right: this.parseValue() };
    }
    if (this.cursor.at("IS")) return this.parseIsNull(value);
    const negated = this.cursor.accept("NOT");
    if (this.cursor.at("IN")) return negate(negated, this.parseIn(value));
    if (this.cursor.at("LIKE")) return negate(negated, this.parseLike(value));
    return negated ? this.cursor.fail("IN or LIKE") : undefined;
  }

  private parseValue(): ValueNode {
    return parseExpression(this.cursor, this.parameters);
  }

  private parseIsNull(value: ValueNode): PredicateNode {
    if (value.type !== "property") this.cursor.fail("a property before IS");
    this.cursor.expect("IS");
    const negated = this.cursor.accept("NOT");
    this.cursor.expect("NULL");
    return negate(negated, { type: "isNull", property: value });
  }

  private parseIn(value: ValueNode): PredicateNode {
    this.cursor.expect("IN");
    this.cursor.expect("(");
    const items = [this.parseValue()];
    while (this.cursor.accept(",")) items.push(this.parseValue());
    this.cursor.expect(")");
    return { type: "in", value, items };
  }

  private parseLike(value: ValueNode): PredicateNode {
    this.cursor.expect("LIKE");
    const pattern = this.parseValue();
    const escape = this.cursor.accept("ESCAPE") ? parseOperand(this.cursor, this.parameters) : undefined;
    return { type: "like", value, pattern, escape };
  }

  private asPredicate(parsed: Parsed): PredicateNode {
    return parsed.predicate ?? this.cursor.fail("a comparison, IS, IN or LIKE");
  }
}

const comparisons: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ["=", "="],
  ["<>", "<>"],
  ["!=", "<>"],
  ["<", "<"],
  ["<=", "<="],
  [">", ">"],
  [">=", ">="],
]);

function negate(negated: boolean, operand: PredicateNode): PredicateNode {
  return negated ? { type: "not", operand } : operand;
}
