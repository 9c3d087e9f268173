import { Type, type Static } from "typebox";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { event, fromJsonSchema, type JsonSchemaVerdict } from "waybill/contracts";
import { compileMessage } from "../../src/contracts/compiled-message.js";

const issuesOf = (verdict: JsonSchemaVerdict): unknown =>
  fromJsonSchema({}, () => verdict)["~standard"].validate("x");

describe("fromJsonSchema", () => {
  it.each<[string, JsonSchemaVerdict]>([
    ["true", true],
    ["no issues", []],
  ])("accepts a value for %s", (_, verdict) => {
    expect(issuesOf(verdict)).toEqual({ value: "x" });
  });

  it.each<[string, JsonSchemaVerdict]>([
    ["false", false],
    ["null, as ajv has before it found anything", null],
    ["undefined", undefined],
  ])("refuses a value for %s", (_, verdict) => {
    expect(issuesOf(verdict)).toEqual({ issues: [{ message: "does not match the JSON Schema" }] });
  });

  it.each(["path", "instancePath"])("reads JSON pointers under %s", (property) => {
    expect(issuesOf([{ [property]: "/lines/0/a~1b~0c", message: "must be string" }])).toEqual({
      issues: [{ message: "must be string", path: ["lines", "0", "a/b~c"] }],
    });
  });

  it("gives the JSON Schema for the input and the output", () => {
    const schema = Type.Object({ a: Type.String() });
    const standard = fromJsonSchema(schema, () => true)["~standard"];
    expect(standard.jsonSchema?.input({ target: "draft-2020-12" })).toBe(schema);
    expect(standard.jsonSchema?.output({ target: "draft-2020-12" })).toBe(schema);
  });

  it("projects what TypeBox declares: intersections, records, tuples, unions and cycles", () => {
    const schema = Type.Object({
      both: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.String() })]),
      record: Type.Record(Type.String(), Type.Object({ q: Type.Number() })),
      tuple: Type.Tuple([Type.String(), Type.Object({ a: Type.String() })]),
      union: Type.Union([
        Type.Object({ k: Type.Literal("x"), x: Type.Number() }),
        Type.Object({ k: Type.Literal("y"), y: Type.Number() }),
      ]),
      tree: Type.Cyclic(
        { Node: Type.Object({ n: Type.String(), kids: Type.Array(Type.Ref("Node")) }) },
        "Node",
      ),
    });
    const message = event("t.typebox", {
      version: 1,
      schema: fromJsonSchema<Static<typeof schema>>(schema, (value) => Value.Errors(schema, value)),
    });
    const clean = {
      both: { a: "1", b: "2" },
      record: { k: { q: 1 } },
      tuple: ["t", { a: "1" }] as [string, { a: string }],
      union: { k: "x" as const, x: 1 },
      tree: { n: "1", kids: [{ n: "2", kids: [] }] },
    };
    const given = {
      both: { ...clean.both, p: 1 },
      record: { k: { q: 1, p: 1 } },
      tuple: ["t", { a: "1", p: 1 }],
      union: { ...clean.union, y: 2 },
      tree: { n: "1", p: 1, kids: [{ n: "2", p: 1, kids: [] }] },
    };
    expect(compileMessage(message).warning).toBeUndefined();
    expect(compileMessage(message).toWire(given)).toEqual({ data: clean, key: undefined });
  });
});
