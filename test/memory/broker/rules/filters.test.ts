import { describe, expect, it } from "vitest";
import type { BrokerMessage, PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { RuleError } from "../../../../adapters/memory/broker/rules/rule-error.js";
import { compileRule, type RuleDescription } from "../../../../adapters/memory/broker/rules/rule.js";

const body = new Uint8Array();

function message(
  applicationProperties: Record<string, PropertyValue> = {},
  rest: Partial<BrokerMessage> = {},
): BrokerMessage {
  return { body, applicationProperties, ...rest };
}

function selects(
  expression: string,
  of: BrokerMessage,
  parameters: Record<string, PropertyValue> = {},
): boolean {
  return compileRule({ name: "r", filter: { type: "sql", expression, parameters } }).matches(of);
}

function correlation(conditions: Omit<RuleDescription["filter"] & { type: "correlation" }, "type">) {
  return compileRule({ name: "r", filter: { type: "correlation", ...conditions } });
}

describe("true, false and correlation filters", () => {
  it("SB-96: the true filter selects every message and the false filter none", () => {
    expect(compileRule({ name: "$Default", filter: { type: "true" } }).matches(message())).toBe(true);
    expect(compileRule({ name: "none", filter: { type: "false" } }).matches(message())).toBe(false);
  });

  it("SB-99: correlation strings are case-sensitive and conditions AND-ed", () => {
    const rule = correlation({ subject: "Paid", to: "billing", properties: { region: "eu" } });
    const paid = message({ region: "eu" }, { subject: "Paid", to: "billing" });
    expect(rule.matches(paid)).toBe(true);
    expect(rule.matches({ ...paid, subject: "paid" })).toBe(false);
    expect(rule.matches({ ...paid, to: "shipping" })).toBe(false);
    expect(rule.matches({ ...paid, applicationProperties: { region: "EU" } })).toBe(false);
    expect(rule.matches(message({}, { subject: "Paid", to: "billing" }))).toBe(false);
  });

  it.each([
    "contentType",
    "correlationId",
    "subject",
    "messageId",
    "replyTo",
    "replyToSessionId",
    "sessionId",
    "to",
  ] as const)("SB-99: a correlation filter compares %s", (field) => {
    const rule = correlation({ [field]: "x" });
    expect(rule.matches(message({}, { [field]: "x" }))).toBe(true);
    expect(rule.matches(message({}, { [field]: "y" }))).toBe(false);
    expect(rule.matches(message())).toBe(false);
  });

  it.each<[PropertyValue, PropertyValue, boolean]>([
    [5, 5n, true],
    [5, "5", false],
    [true, true, true],
    [true, 1, false],
    [null, null, true],
    [new Date(7), new Date(7), true],
    [new Date(7), new Date(8), false],
    [new Uint8Array([1, 2]), new Uint8Array([1, 2]), true],
    [new Uint8Array([1, 2]), new Uint8Array([1, 3]), false],
  ])("SB-99: a correlation property %s equals %s: %s", (expected, found, matches) => {
    expect(correlation({ properties: { value: expected } }).matches(message({ value: found }))).toBe(matches);
  });
});

describe("SQL filters", () => {
  it("SB-100: names are case-insensitive; user scope by default; `sys.` for system", () => {
    const order = message({ Region: "eu", label: "user's" }, { subject: "Paid" });
    expect(selects("region = 'eu' AND user.REGION = 'eu'", order)).toBe(true);
    expect(selects("label = 'user''s'", order)).toBe(true);
    expect(selects("sys.LABEL = 'Paid' and SYS.Subject = 'Paid'", order)).toBe(true);
    expect(selects("region = 'EU'", order)).toBe(false);
  });

  it("SB-100: among names that differ only by case the exact one wins", () => {
    expect(selects("color = 'b'", message({ COLOR: "a", color: "b" }))).toBe(true);
  });

  it.each([
    "contentType",
    "correlationId",
    "messageId",
    "partitionKey",
    "replyTo",
    "replyToSessionId",
    "sessionId",
    "to",
  ])("SB-100: sys.%s reads the message", (name) => {
    expect(selects(`sys.${name} = 'x'`, message({}, { [name]: "x" }))).toBe(true);
    expect(selects(`sys.${name} IS NULL`, message())).toBe(true);
  });

  it("SB-100: delimited and quoted names may hold any text", () => {
    const odd = message({ "a b": 1, "x]y": 2, 'q"q': 3, AND: 4 });
    expect(selects('[a b] = 1 AND [x]]y] = 2 AND "q""q" = 3 AND [AND] = 4', odd)).toBe(true);
  });

  it("SB-101: a comparison with a missing property is unknown and does not select, nor does its NOT", () => {
    for (const test of [
      "missing = 1",
      "missing <> 1",
      "missing > 1",
      "missing + 1 = 2",
      "missing LIKE '%'",
    ]) {
      expect(selects(test, message())).toBe(false);
      expect(selects(`NOT (${test})`, message())).toBe(false);
    }
  });

  it.each([
    ["TRUE = TRUE", "U", "U"],
    ["TRUE = FALSE", "F", "U"],
  ])("SB-101: unknown AND / OR with %s follow the truth tables", (known, andResult, orWithFalse) => {
    const results = (expression: string): string =>
      selects(expression, message()) ? "T" : selects(`NOT (${expression})`, message()) ? "F" : "U";
    expect(results(`missing = 1 AND ${known}`)).toBe(andResult);
    expect(results(`${known} AND missing = 1`)).toBe(andResult);
    const or = known.endsWith("FALSE") ? orWithFalse : "T";
    expect(results(`missing = 1 OR ${known}`)).toBe(or);
    expect(results(`${known} OR missing = 1`)).toBe(or);
    expect(results("missing = 1 AND missing = 2")).toBe("U");
    expect(results("missing = 1 OR missing = 2")).toBe("U");
  });

  it("SB-101: a null value and operands of different types compare as unknown", () => {
    for (const test of ["nothing = NULL", "nothing = 1", "quantity > 5", "flag > FALSE", "flag = 1"]) {
      const of = message({ nothing: null, quantity: "10", flag: true });
      expect(selects(test, of)).toBe(false);
      expect(selects(`NOT (${test})`, of)).toBe(false);
    }
  });

  it("SB-102: `missing IS NULL` and `NOT EXISTS(missing)` select", () => {
    expect(selects("missing IS NULL", message())).toBe(true);
    expect(selects("NOT EXISTS(missing)", message())).toBe(true);
    expect(selects("missing IS NOT NULL", message())).toBe(false);
    expect(selects("nothing IS NULL AND EXISTS(nothing)", message({ nothing: null }))).toBe(true);
    expect(selects("EXISTS(sys.Label)", message({}, { subject: "s" }))).toBe(true);
  });

  it.each([
    ["color LIKE 'bl%'", true],
    ["color LIKE '%ue'", true],
    ["color LIKE 'b_ue'", true],
    ["color LIKE 'b_e'", false],
    ["color LIKE 'Bl%'", false],
    ["color LIKE '%'", true],
    ["color LIKE ''", false],
    ["color LIKE '%l%e%'", true],
    ["color LIKE '%e%l%'", false],
    ["color NOT LIKE 'red%'", true],
    ["rate LIKE '5\\%' ESCAPE '\\'", true],
    ["color LIKE 'blu\\%' ESCAPE '\\'", false],
    ["rate LIKE '5|%' ESCAPE '|'", true],
    ["color LIKE pattern", true],
    ["color IN ('red', 'blue')", true],
    ["color IN ('red')", false],
    ["color NOT IN ('red')", true],
    ["color IN ('blue', missing)", true],
    ["color IN ('red', missing)", false],
    ["color NOT IN ('red', missing)", false],
    ["missing IN ('red')", false],
    ["missing NOT IN ('red')", false],
  ])("SB-103: %s is %s", (expression, expected) => {
    expect(selects(expression, message({ color: "blue", rate: "5%", pattern: "b%" }))).toBe(expected);
  });

  it("SB-103: LIKE stays fast on a pattern made to blow up a backtracking matcher", () => {
    const text = message({ text: "a".repeat(20_000) });
    expect(selects(`text LIKE '${"%a".repeat(400)}b'`, text)).toBe(false);
  });

  it("SB-103: a wrong ESCAPE is a filter error", () => {
    expect(() => selects("a LIKE 'x' ESCAPE 'yy'", message({ a: "x" }))).toThrow(RuleError);
    expect(() => selects("a LIKE 'x\\' ESCAPE '\\'", message({ a: "x" }))).toThrow(RuleError);
  });

  it("SB-104: an unknown system property raises a filter error for the message, not when the rule is made", () => {
    const rule = compileRule({ name: "r", filter: { type: "sql", expression: "sys.Colour = 'blue'" } });
    expect(() => rule.matches(message())).toThrow(RuleError);
    expect(() => rule.matches(message())).toThrow(
      expect.objectContaining({
        name: "FilterException",
        message: expect.stringContaining("sys.Colour") as unknown,
      }),
    );
  });

  it("SB-104: errors of evaluation are filter errors", () => {
    for (const test of ["1 / zero = 1", "1 % zero = 1", "flag + 1 = 2", "-name = 1", "property(1) = 1"]) {
      expect(() => selects(test, message({ zero: 0, flag: true, name: "n" }))).toThrow(RuleError);
    }
  });

  it.each([
    ["1 + 2 * 3 = 7", true],
    ["(1 + 2) * 3 = 9", true],
    ["((1 + 2)) * (3) = 9 AND (1 = 1)", true],
    ["10 - 4 - 3 = 3", true],
    ["7 / 2 = 3", true],
    ["7 / 2.0 = 3.5", true],
    ["7.0 / 2 = 3.5", true],
    ["-7 / 2 = -3", true],
    ["n / 2 = 3", true],
    ["n * 1.0 / 2 = 3.5", true],
    ["n % 4 = 3", true],
    ["- - n = 7", true],
    ["+n = 7", true],
    ["1e3 = 1000 AND 101.5E5 > 0.5E-2", true],
    ["9223372036854775807 + 1 < 0", true],
    ["big = 9007199254740993", true],
    ["big = 9007199254740992", false],
    ["'a' + 'b' = 'ab'", true],
    ["'n' + n = 'n7'", true],
    ["n != 7 OR n <> 8", true],
    ["n >= 7 AND n <= 7 AND n > 6 AND n < 8", true],
    ["NOT n = 8 AND NOT NOT n = 7", true],
    ["1 = 2 AND 1 = 1 OR 1 = 1", true],
    ["1 = 1 OR 1 = 1 AND 1 = 2", true],
    ["flag = TRUE AND flag <> false", true],
    ["'a' < 'b'", true],
    ["p('n') = 7 AND property('sys.Label') = 's'", true],
    ["newid() <> newid()", true],
    ["at = at AND bytes = bytes", true],
  ])("evaluates %s to %s", (expression, expected) => {
    const of = message(
      { n: 7, flag: true, big: 9007199254740993n, at: new Date(5), bytes: new Uint8Array([1]) },
      { subject: "s" },
    );
    expect(selects(expression, of)).toBe(expected);
  });

  it("takes parameters with and without their @", () => {
    expect(selects("source = @a AND n = @b", message({ source: "x", n: 3 }), { "@a": "x", b: 3 })).toBe(true);
  });

  it.each([
    ["", 1, "an expression"],
    ["a =", 4, "an expression"],
    ["a", 2, "a comparison"],
    ["TRUE", 5, "a comparison"],
    ["a = 1 b", 7, "AND, OR or the end"],
    ["(a = 1", 7, "')'"],
    ["a = 'x", 7, "a closing '"],
    ["[a = 1", 7, "a closing ]"],
    ["a ? 1", 3, "a name"],
    ["a = 5x", 6, "the end of the number"],
    ["a = b = c", 7, "AND, OR"],
    ["a NOT 1", 7, "IN or LIKE"],
    ["a IS 1", 6, "'NULL'"],
    ["a + 1 IS NULL", 7, "a property before IS"],
    ["foo(1) = 1", 1, "the function"],
    ["other.a = 1", 1, "the scope"],
    ["a = @none", 5, "a value for the parameter"],
    ["EXISTS(1)", 8, "a property"],
    ["a = 9223372036854775808", 5, "64 bits"],
    ["sys.SequenceNumber > 5", 5, "gives sys.SequenceNumber no value"],
    ["(1 = 1) + 1 = 2", 9, "AND, OR or the end"],
  ])("refuses %j at character %i, expecting %s", (expression, position, expected) => {
    const compile = () => compileRule({ name: "r", filter: { type: "sql", expression } });
    expect(compile).toThrow(
      expect.objectContaining({
        condition: "com.microsoft:argument-error",
        position,
        message: expect.stringContaining(expected) as unknown,
      }),
    );
  });

  it("SB-106: an expression of more than 1,024 characters is refused", () => {
    const padded = (length: number) => "1 = 1".padEnd(length, " ");
    expect(selects(padded(1024), message())).toBe(true);
    expect(() => selects(padded(1025), message())).toThrow("at most 1024 characters");
  });

  it("refuses nesting that could exhaust the stack", () => {
    expect(() => selects(`${"(".repeat(400)}1 = 1${")".repeat(400)}`, message())).toThrow("nested levels");
    expect(() => selects(`${"NOT ".repeat(200)}1 = 1`, message())).toThrow("nested levels");
    expect(() => selects(`a = ${"-".repeat(900)}1`, message())).toThrow("nested levels");
  });

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "treats %s as a property name like any other",
    (name) => {
      expect(selects(`[${name}] IS NULL AND NOT EXISTS([${name}])`, message())).toBe(true);
      const carrying = message(Object.fromEntries([[name, 1]]));
      expect(selects(`[${name}] = 1`, carrying)).toBe(true);
    },
  );
});
