import { describe, expect, it } from "vitest";
import type { BrokerMessage, PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { RuleError } from "../../../../adapters/memory/broker/rules/rule-error.js";
import { compileRule } from "../../../../adapters/memory/broker/rules/rule.js";

const body = new Uint8Array([1]);

function act(expression: string, message: BrokerMessage, parameters: Record<string, PropertyValue> = {}) {
  const rule = compileRule({
    name: "r",
    filter: { type: "true" },
    action: { type: "sql", expression, parameters },
  });
  return rule.apply?.(message) ?? message;
}

function propertiesAfter(expression: string, before: Record<string, PropertyValue> = {}) {
  const { RuleName: _, ...rest } =
    act(expression, { body, applicationProperties: before }).applicationProperties ?? {};
  return rest;
}

describe("rule actions", () => {
  it("SB-98: a copy that an action made carries RuleName", () => {
    expect(act("SET a = 1", { body }).applicationProperties).toEqual({ a: 1, RuleName: "r" });
  });

  it("SB-97: a rule without an action has nothing to apply", () => {
    expect(compileRule({ name: "r", filter: { type: "true" } })).not.toHaveProperty("apply");
  });

  it("SB-105: SET creates and changes, REMOVE deletes, on the copy only", () => {
    const original: BrokerMessage = {
      body,
      subject: "before",
      correlationId: "c",
      applicationProperties: Object.freeze({ kept: 1, changed: "old", gone: true }),
    };
    const copy = act(
      "SET changed = 'new'; SET created = kept + 1 REMOVE gone SET sys.Label = 'after'; REMOVE sys.CorrelationId",
      original,
    );
    expect(copy).toEqual({
      body,
      subject: "after",
      applicationProperties: { kept: 1, changed: "new", created: 2, RuleName: "r" },
    });
    expect(original).toEqual({
      body,
      subject: "before",
      correlationId: "c",
      applicationProperties: { kept: 1, changed: "old", gone: true },
    });
    expect(copy.body).toBe(body);
    expect(Object.isFrozen(copy.applicationProperties)).toBe(true);
  });

  it("SB-105: statements run in order and see each other's effects", () => {
    expect(propertiesAfter("SET a = 1 SET b = a + 1 SET a = b + 1 REMOVE b")).toEqual({ a: 3 });
  });

  it("SB-105: names are found without case and keep their spelling", () => {
    expect(propertiesAfter("SET COLOR = 'red' REMOVE SIZE", { Color: "blue", size: 1 })).toEqual({
      Color: "red",
    });
  });

  it.each<[string, PropertyValue, PropertyValue]>([
    ["'12'", 1, 12],
    ["'1.5'", 1, 1.5],
    ["'x'", 1, "x"],
    ["12", "old", "12"],
    ["TRUE", "old", "True"],
    ["'true'", false, true],
    ["'maybe'", false, "maybe"],
    ["'12'", 1n, 12n],
    ["2", true, 2],
    ["NULL", "old", null],
    ["missing", "old", null],
    ["7 / 2", 0, 3],
    ["9223372036854775806 + 1", 0n, 9223372036854775807n],
    ["@p", 0, 4],
  ])("SB-105: SET to %s of a property that was %s gives %s", (expression, before, after) => {
    const copy = act(`SET a = ${expression}`, { body, applicationProperties: { a: before } }, { p: 4 });
    expect(copy.applicationProperties?.["a"]).toEqual(after);
  });

  it("SB-105: system properties are set as text, and null removes them", () => {
    const copy = act("SET sys.MessageId = 5 SET sys.To = NULL SET sys.SessionId = p('k')", {
      body,
      to: "t",
      applicationProperties: { k: "s1" },
    });
    expect(copy.messageId).toBe("5");
    expect(copy).not.toHaveProperty("to");
    expect(copy.sessionId).toBe("s1");
  });

  it("SB-105: a scheduled time that an action sets is ignored", () => {
    const copy = act("SET sys.ScheduledEnqueueTimeUtc = @at", { body }, { at: new Date(9) });
    expect(copy).not.toHaveProperty("scheduledEnqueueTimeMs");
  });

  it("SB-105: an unknown system property fails, an unknown user property does not", () => {
    expect(() => act("SET sys.Colour = 1", { body })).toThrow(RuleError);
    expect(() => act("REMOVE sys.Colour", { body })).toThrow(RuleError);
    expect(() => act("SET a = sys.Colour", { body })).toThrow(RuleError);
    expect(propertiesAfter("REMOVE nothing; SET a = nothing + 1")).toEqual({ a: null });
  });

  it("makes a different newid() for each copy, by default the same in each run", () => {
    const action = { type: "sql", expression: "SET id = newid()" } as const;
    const idsOf = (newId?: () => string) => {
      const rule = compileRule({ name: "r", filter: { type: "true" }, action }, newId ? { newId } : {});
      return [1, 2].map(() => rule.apply?.({ body }).applicationProperties?.["id"]);
    };
    expect(idsOf()).toEqual(idsOf());
    expect(new Set(idsOf()).size).toBe(2);
    expect(idsOf(() => "given")).toEqual(["given", "given"]);
  });

  it("SB-106: more than 32 statements or 1,024 characters are refused", () => {
    const statements = (count: number) => Array.from({ length: count }, () => "SET a = 1").join(";");
    expect(propertiesAfter(statements(32))).toEqual({ a: 1 });
    expect(() => act(statements(33), { body })).toThrow("at most 32 statements");
    expect(() => act("SET a = 1".padEnd(1025), { body })).toThrow("at most 1024 characters");
  });

  it.each([
    ["", 1, "SET or REMOVE"],
    ["SET a", 6, "'='"],
    ["SET a = 1 = 2", 11, "SET or REMOVE"],
    ["SET 'a' = 1", 5, "a property"],
    ["SET a = b > 1", 11, "SET or REMOVE"],
    ["REMOVE", 7, "a property"],
  ])("refuses %j at character %i, expecting %s", (expression, position, expected) => {
    expect(() => act(expression, { body })).toThrow(
      expect.objectContaining({ position, message: expect.stringContaining(expected) as unknown }),
    );
  });

  it("cannot reach a prototype through a property name", () => {
    const copy = act("SET [__proto__] = 'x' SET constructor = 'y' SET [toString] = 1 REMOVE hasOwnProperty", {
      body,
    });
    expect(Object.getPrototypeOf(copy.applicationProperties)).toBe(Object.prototype);
    expect(Object.entries(copy.applicationProperties ?? {})).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
      ["toString", 1],
      ["RuleName", "r"],
    ]);
    expect({}).not.toHaveProperty("x");
  });

  it("bounds a text that doubles itself in every statement", () => {
    const doubling = `SET a = '0123456789' ${"SET a = a + a ".repeat(30)}`;
    expect(() => act(doubling, { body })).toThrow(RuleError);
  });
});
