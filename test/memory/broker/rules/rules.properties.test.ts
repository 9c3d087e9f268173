import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { RuleError } from "../../../../adapters/memory/broker/rules/rule-error.js";
import { RuleSyntaxError } from "../../../../adapters/memory/broker/rules/rule-syntax-error.js";
import { compileRule } from "../../../../adapters/memory/broker/rules/rule.js";

/** The model: a text and its truth, computed from truths alone. 1 true, 0 unknown, -1 false. */
interface Modelled {
  readonly sql: string;
  readonly truth: -1 | 0 | 1;
}

const properties: Record<string, PropertyValue> = {
  one: 1,
  two: 2,
  half: 0.5,
  word: "abc",
  flag: true,
  nil: null,
};

const integers = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map((value) => ({ sql: String(value), value })),
  fc.constantFrom({ sql: "one", value: 1 }, { sql: "user.TWO", value: 2 }, { sql: "[one]", value: 1 }),
);
const absent = fc.constantFrom("missing", "nil", "user.missing + 1", "-nil", "p('none')", "nil * 0");

const { integer } = fc.letrec<{ integer: { sql: string; value: number } }>((tie) => ({
  integer: fc.oneof(
    { maxDepth: 3 },
    integers,
    fc
      .tuple(tie("integer"), fc.constantFrom("+", "-", "*"), tie("integer"))
      .map(([left, operator, right]) => ({
        sql: `(${left.sql} ${operator} ${right.sql})`,
        value:
          operator === "+"
            ? left.value + right.value
            : operator === "-"
              ? left.value - right.value
              : left.value * right.value,
      })),
    fc.tuple(tie("integer"), fc.integer({ min: 1, max: 9 })).map(([left, divisor]) => ({
      sql: `(${left.sql} / ${String(divisor)})`,
      value: Math.trunc(left.value / divisor),
    })),
    tie("integer").map(({ sql, value }) => ({ sql: `(- ${sql})`, value: -value })),
  ),
}));

const known = (value: boolean): 1 | -1 => (value ? 1 : -1);

const comparison = fc
  .tuple(integer, fc.constantFrom("=", "<>", "!=", "<", "<=", ">", ">="), integer)
  .map(([left, operator, right]): Modelled => {
    const difference = left.value - right.value;
    const truths: Record<string, boolean> = {
      "=": difference === 0,
      "<>": difference !== 0,
      "!=": difference !== 0,
      "<": difference < 0,
      "<=": difference <= 0,
      ">": difference > 0,
      ">=": difference >= 0,
    };
    return { sql: `${left.sql} ${operator} ${right.sql}`, truth: known(truths[operator] === true) };
  });

const unknown = fc
  .tuple(
    absent,
    fc.constantFrom("= 1", "<> 'x'", "> two", "IN (1, 2)", "NOT IN (1)", "LIKE '%'", "NOT LIKE 'a'"),
  )
  .map(([value, test]): Modelled => ({ sql: `${value} ${test}`, truth: 0 }));

const membership = fc
  .tuple(integer, fc.array(integer, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.boolean())
  .map(([value, items, negated, withMissing]): Modelled => {
    const found = items.some((item) => item.value === value.value);
    const truth = found ? 1 : withMissing ? 0 : -1;
    const list = [...items.map(({ sql }) => sql), ...(withMissing ? ["missing"] : [])].join(", ");
    return {
      sql: `${value.sql} ${negated ? "NOT " : ""}IN (${list})`,
      truth: negated ? negate(truth) : truth,
    };
  });

const fixed = fc.constantFrom<Modelled>(
  { sql: "word LIKE 'a_c'", truth: 1 },
  { sql: "word LIKE '%b%'", truth: 1 },
  { sql: "word NOT LIKE 'b%'", truth: 1 },
  { sql: "word = 1", truth: 0 },
  { sql: "flag = TRUE", truth: 1 },
  { sql: "half * 4 = 2", truth: 1 },
  { sql: "nil IS NULL", truth: 1 },
  { sql: "missing IS NOT NULL", truth: -1 },
  { sql: "EXISTS(nil)", truth: 1 },
  { sql: "EXISTS(user.missing)", truth: -1 },
);

const { predicate } = fc.letrec<{ predicate: Modelled }>((tie) => ({
  predicate: fc.oneof(
    { maxDepth: 4 },
    comparison,
    unknown,
    membership,
    fixed,
    fc.tuple(tie("predicate"), fc.boolean(), tie("predicate")).map(([left, and, right]): Modelled => ({
      sql: `(${left.sql}) ${and ? "AND" : "OR"} (${right.sql})`,
      truth: and
        ? smaller(left.truth, right.truth)
        : negate(smaller(negate(left.truth), negate(right.truth))),
    })),
    tie("predicate").map(({ sql, truth }): Modelled => ({ sql: `NOT (${sql})`, truth: negate(truth) })),
  ),
}));

function negate(truth: Modelled["truth"]): Modelled["truth"] {
  return truth === 1 ? -1 : truth === -1 ? 1 : 0;
}

function smaller(left: Modelled["truth"], right: Modelled["truth"]): Modelled["truth"] {
  return left < right ? left : right;
}

function matches(expression: string): boolean {
  const rule = compileRule({ name: "r", filter: { type: "sql", expression } });
  return rule.matches({ body: new Uint8Array(), applicationProperties: properties });
}

describe("rules under random input", () => {
  it("agree with a model of three-valued logic, and so do their negations", () => {
    fc.assert(
      fc.property(predicate, ({ sql, truth }) => {
        fc.pre(sql.length < 1000);
        expect(matches(sql)).toBe(truth === 1);
        expect(matches(`NOT (${sql})`)).toBe(truth === -1);
      }),
      { numRuns: 1000 },
    );
  });

  it("compare as the model says whether or not operands are in parentheses", () => {
    fc.assert(
      fc.property(fc.array(integers, { minLength: 2, maxLength: 6 }), (terms) => {
        const sum = terms.reduce((total, { value }) => total + value, 0);
        expect(matches(`${terms.map(({ sql }) => sql).join(" + ")} = ${String(sum)}`)).toBe(true);
      }),
    );
  });

  it("match LIKE as an exhaustive matcher does", () => {
    const symbol = fc.constantFrom("a", "b", "%", "_");
    const texts = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(fc.string({ unit: symbol, maxLength: 7 }), texts, (pattern, text) => {
        const rule = compileRule({
          name: "r",
          filter: { type: "sql", expression: "t LIKE @p", parameters: { p: pattern } },
        });
        const message = { body: new Uint8Array(), applicationProperties: { t: text } };
        expect(rule.matches(message)).toBe(likeByRecursion(pattern, text));
      }),
      { numRuns: 1000 },
    );
  });

  it("never crash otherwise than with their own errors, nor touch a prototype, whatever the text", () => {
    const word = fc.constantFrom(
      ..."SET REMOVE AND OR NOT IS NULL IN LIKE ESCAPE EXISTS TRUE ( ) = <> < , ; + - * / % .".split(" "),
      ..."a sys user sys.Label sys.x __proto__ constructor [__proto__] @p 1 2.5 'x' '%' p('a') newid()".split(
        " ",
      ),
    );
    const soup = fc.array(word, { maxLength: 40 }).map((words) => words.join(" "));
    const prototypeBefore = Reflect.ownKeys(Object.prototype);
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ maxLength: 1100, unit: "binary" })), (expression) => {
        for (const run of [
          () => matches(expression),
          () => {
            compileRule({
              name: "r",
              filter: { type: "false" },
              action: {
                type: "sql",
                expression: expression.startsWith("SET") ? expression : `SET a = ${expression}`,
              },
            }).apply?.({ body: new Uint8Array(), applicationProperties: { a: 1 } });
          },
        ]) {
          try {
            run();
          } catch (error) {
            if (!(error instanceof RuleError) && !(error instanceof RuleSyntaxError)) throw error;
          }
        }
      }),
      { numRuns: 3000 },
    );
    expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeBefore);
  });
});

function likeByRecursion(pattern: string, text: string): boolean {
  if (pattern === "") return text === "";
  const rest = pattern.slice(1);
  if (pattern.startsWith("%"))
    return likeByRecursion(rest, text) || (text !== "" && likeByRecursion(pattern, text.slice(1)));
  return (
    text !== "" && (pattern.startsWith("_") || pattern[0] === text[0]) && likeByRecursion(rest, text.slice(1))
  );
}
