import { describe, expect, it } from "vitest";
import { compileProjection } from "../../src/contracts/projection.js";

const text = { type: "string" };
const object = (properties: object, more: object = {}): object => ({ type: "object", properties, ...more });

interface Case {
  readonly name: string;
  readonly schema: unknown;
  readonly value: unknown;
  readonly travels: unknown;
}

const cases: readonly Case[] = [
  {
    name: "drops what an object does not declare",
    schema: object({ a: text }),
    value: { a: "x", password: "p" },
    travels: { a: "x" },
  },
  {
    name: "drops in nested objects and in arrays of objects",
    schema: object({ to: object({ a: text }), lines: { type: "array", items: object({ q: text }) } }),
    value: { to: { a: "x", p: 1 }, lines: [{ q: "1" }, { q: "2", p: 1 }] },
    travels: { to: { a: "x" }, lines: [{ q: "1" }, { q: "2" }] },
  },
  {
    name: "drops from a strict object too",
    schema: object({ a: text }, { additionalProperties: false }),
    value: { a: "x", p: 1 },
    travels: { a: "x" },
  },
  {
    name: "keeps everything of a loose object, and still projects what is declared",
    schema: object({ a: object({ b: text }) }, { additionalProperties: {} }),
    value: { a: { b: "x", p: 1 }, other: { any: 1 } },
    travels: { a: { b: "x" }, other: { any: 1 } },
  },
  {
    name: "projects the values of a record",
    schema: { type: "object", propertyNames: text, additionalProperties: object({ q: text }) },
    value: { k1: { q: "1", p: 1 }, k2: { q: "2" } },
    travels: { k1: { q: "1" }, k2: { q: "2" } },
  },
  {
    name: "projects by every pattern that a name matches",
    schema: {
      type: "object",
      patternProperties: { "^x": object({ a: text }), y$: object({ b: text }) },
      additionalProperties: false,
    },
    value: { x1: { a: "1", b: "2" }, xy: { a: "1", b: "2", c: "3" }, z: {} },
    travels: { x1: { a: "1" }, xy: { a: "1", b: "2" } },
  },
  {
    name: "reads a pattern that is no Unicode regular expression",
    schema: { type: "object", patternProperties: { "^[\\w\\-\\_]+$": text } },
    value: { a_b: "1", é: "2" },
    travels: { a_b: "1" },
  },
  {
    name: "keeps names in newline-free records of TypeBox",
    schema: { type: "object", patternProperties: { "^.*$": { type: "number" } } },
    value: { a: 1, "b c": 2 },
    travels: { a: 1, "b c": 2 },
  },
  {
    name: "projects tuples by position and the rest by items",
    schema: { type: "array", prefixItems: [text, object({ a: text })], items: object({ b: text }) },
    value: ["x", { a: "1", b: "2" }, { a: "1", b: "2" }],
    travels: ["x", { a: "1" }, { b: "2" }],
  },
  {
    name: "projects tuples of earlier drafts",
    schema: { type: "array", items: [object({ a: text })], additionalItems: object({ b: text }) },
    value: [
      { a: "1", p: 1 },
      { b: "2", p: 1 },
    ],
    travels: [{ a: "1" }, { b: "2" }],
  },
  {
    name: "keeps the elements of an array that says nothing of them",
    schema: object({ list: { type: "array" } }),
    value: { list: [{ any: 1 }] },
    travels: { list: [{ any: 1 }] },
  },
  {
    name: "follows references into $defs",
    schema: { $ref: "#/$defs/a~1b", $defs: { "a/b": object({ a: text }) } },
    value: { a: "x", p: 1 },
    travels: { a: "x" },
  },
  {
    name: "follows references by $id and by $anchor",
    schema: object(
      { one: { $ref: "One" }, two: { $ref: "#two" } },
      { $defs: { x: object({ a: text }, { $id: "One" }), y: object({ b: text }, { $anchor: "two" }) } },
    ),
    value: { one: { a: "1", p: 1 }, two: { b: "2", p: 1 } },
    travels: { one: { a: "1" }, two: { b: "2" } },
  },
  {
    name: "follows a recursive schema as deep as the value goes",
    schema: object({ n: text, kids: { type: "array", items: { $ref: "#" } } }),
    value: { n: "1", kids: [{ n: "2", p: 1, kids: [{ n: "3", p: 1, kids: [] }] }] },
    travels: { n: "1", kids: [{ n: "2", kids: [{ n: "3", kids: [] }] }] },
  },
  {
    name: "keeps what any part of allOf declares",
    schema: { allOf: [object({ a: text }), object({ b: text }), {}] },
    value: { a: "1", b: "2", p: 3 },
    travels: { a: "1", b: "2" },
  },
  {
    name: "merges what the parts of allOf say of the same property",
    schema: { allOf: [object({ o: object({ a: text }) }), object({ o: object({ b: text }) })] },
    value: { o: { a: "1", b: "2", p: 3 } },
    travels: { o: { a: "1", b: "2" } },
  },
  {
    name: "keeps what any branch declares where nothing tells the branches apart",
    schema: { anyOf: [object({ a: text }), object({ b: text })] },
    value: { a: "1", b: "2", p: 3 },
    travels: { a: "1", b: "2" },
  },
  {
    name: "keeps an object whole where a branch accepts anything",
    schema: { anyOf: [object({ a: text }), {}] },
    value: { a: "1", p: 3 },
    travels: { a: "1", p: 3 },
  },
  {
    name: "drops where branches merely constrain what is declared beside them",
    schema: object({ a: text, b: text }, { anyOf: [{ required: ["a"] }, { required: ["b"] }] }),
    value: { a: "1", p: 3 },
    travels: { a: "1" },
  },
  {
    name: "drops from an object beside branches that no object fits",
    schema: { anyOf: [object({ a: text }), text, { type: "null" }, { const: "none" }, { enum: [1, 2] }] },
    value: { a: "1", p: 3 },
    travels: { a: "1" },
  },
  {
    name: "drops from a nullable object",
    schema: object({ o: { type: ["object", "null"], properties: { a: text } } }),
    value: { o: { a: "1", p: 2 } },
    travels: { o: { a: "1" } },
  },
  {
    name: "keeps the properties of the branch that a constant decides, and of no other",
    schema: {
      oneOf: [object({ k: { const: "card" }, number: text }), object({ k: { const: "cash" }, till: text })],
    },
    value: { k: "cash", till: "1", number: "4111" },
    travels: { k: "cash", till: "1" },
  },
  {
    name: "decides by an enum that two branches share in part",
    schema: {
      anyOf: [
        object({ k: { enum: ["a", "b"] }, x: text }),
        object({ k: { enum: ["b", "c"] }, y: text }),
        object({ k: { const: "d" }, z: text }),
      ],
    },
    value: { k: "b", x: "1", y: "2", z: "3" },
    travels: { k: "b", x: "1", y: "2" },
  },
  {
    name: "decides nested unions, behind references and allOf",
    schema: {
      allOf: [object({ id: text }), { $ref: "#/$defs/choice" }],
      $defs: {
        choice: { oneOf: [{ $ref: "#/$defs/a" }, { $ref: "#/$defs/bc" }] },
        a: object({ k: { const: "a" }, x: text }),
        bc: {
          oneOf: [
            object({ k: { const: "b" }, s: { const: 1 }, y: text }),
            object({ k: { const: "b" }, s: { const: 2 }, z: text }),
          ],
        },
      },
    },
    value: { id: "1", k: "b", s: 2, x: "x", y: "y", z: "z", p: 1 },
    travels: { id: "1", k: "b", s: 2, z: "z" },
  },
  {
    name: "keeps what any branch declares where the deciding property is absent",
    schema: { oneOf: [object({ k: { const: "a" }, x: text }), object({ k: { const: "b" }, y: text })] },
    value: { x: "1", y: "2", p: 3 },
    travels: { x: "1", y: "2" },
  },
  {
    name: "decides recursive unions at every level",
    schema: {
      $ref: "#/$defs/node",
      $defs: {
        node: {
          oneOf: [
            object({ k: { const: "leaf" }, v: text }),
            object({ k: { const: "pair" }, left: { $ref: "#/$defs/node" }, right: { $ref: "#/$defs/node" } }),
          ],
        },
      },
    },
    value: { k: "pair", v: "no", left: { k: "leaf", v: "1", left: 1 }, right: { k: "leaf", v: "2" } },
    travels: { k: "pair", left: { k: "leaf", v: "1" }, right: { k: "leaf", v: "2" } },
  },
  {
    name: "keeps what a condition declares",
    schema: object(
      { a: text },
      {
        if: { properties: { a: { const: "x" } } },
        then: { properties: { b: text } },
        dependentSchemas: { a: object({ c: text }) },
      },
    ),
    value: { a: "x", b: "1", c: "2", p: 3 },
    travels: { a: "x", b: "1", c: "2" },
  },
  {
    name: "uses unevaluatedProperties for names that nothing else declares",
    schema: {
      allOf: [object({ o: object({ a: text }) })],
      unevaluatedProperties: true,
    },
    value: { o: { a: "1", p: 2 }, other: { any: 1 } },
    travels: { o: { a: "1" }, other: { any: 1 } },
  },
  { name: "keeps anything where the schema is true", schema: true, value: { a: 1 }, travels: { a: 1 } },
  {
    name: "keeps anything where a property says nothing",
    schema: object({ a: {}, b: true }),
    value: { a: { x: 1 }, b: [{ y: 1 }], c: 1 },
    travels: { a: { x: 1 }, b: [{ y: 1 }] },
  },
  {
    name: "keeps an object of which only the type is given",
    schema: object({ free: { type: "object" } }),
    value: { free: { x: 1 } },
    travels: { free: { x: 1 } },
  },
  {
    name: "drops everything from an object that declares no property",
    schema: object({}),
    value: { p: 1 },
    travels: {},
  },
  {
    name: "drops a property that is forbidden",
    schema: object({ a: text, b: false }),
    value: { a: "1", b: "2" },
    travels: { a: "1" },
  },
];

describe("a projection", () => {
  it.each(cases)("$name", ({ schema, value, travels }) => {
    expect(compileProjection(schema)(value)).toEqual(travels);
  });

  it.each(cases)("changes nothing more the second time ($name)", ({ schema, travels }) => {
    const project = compileProjection(schema);
    expect(project(project(travels))).toEqual(travels);
  });

  it("returns the value itself when nothing is dropped", () => {
    const project = compileProjection(
      object({ a: object({ b: text }), list: { type: "array", items: object({ c: text }) } }),
    );
    const value = { a: { b: "x" }, list: [{ c: "1" }] };
    expect(project(value)).toBe(value);
  });

  it("leaves the value that was given unchanged", () => {
    const value = { a: { b: "x", p: 1 }, p: 1 };
    compileProjection(object({ a: object({ b: text }) }))(value);
    expect(value).toEqual({ a: { b: "x", p: 1 }, p: 1 });
  });

  it("keeps the order of the properties", () => {
    const projected = compileProjection(object({ a: text, b: text }))({ b: "2", p: 1, a: "1" });
    expect(JSON.stringify(projected)).toBe('{"b":"2","a":"1"}');
  });

  it("drops __proto__ and constructor when they are not declared", () => {
    const hostile: unknown = JSON.parse('{"a":"1","__proto__":{"admin":true},"constructor":1}');
    const projected = compileProjection(object({ a: text }))(hostile);
    expect(JSON.stringify(projected)).toBe('{"a":"1"}');
  });

  it("keeps a declared __proto__ as a property and never sets the prototype", () => {
    const schema: unknown = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"object","properties":{"a":{}}}}}',
    );
    const projected = compileProjection(schema)(JSON.parse('{"__proto__":{"a":1,"p":2},"p":3}'));
    expect(JSON.stringify(projected)).toBe('{"__proto__":{"a":1}}');
    expect(Object.getPrototypeOf(projected)).toBe(Object.prototype);
  });

  it("reads declared accessors of a class and ignores its toJSON", () => {
    class Order {
      readonly secret = "s";
      get id(): string {
        return "1";
      }
      toJSON(): unknown {
        return { leaked: this.secret };
      }
    }
    const projected = compileProjection(object({ id: text }))(new Order());
    expect(JSON.stringify(projected)).toBe('{"id":"1"}');
  });

  it.each<[string, unknown]>([
    ["a reference that leads nowhere", { $ref: "#/$defs/none" }],
    ["a reference that leaves the document", object({ a: { $ref: "https://example.com/a.json" } })],
    ["such a reference under a pattern", { patternProperties: { "^a": { $ref: "#/$defs/none" } } }],
    ["a broken pattern", { patternProperties: { "(": {} } }],
    ["a dynamic reference", { $dynamicRef: "#node" }],
    ["something that is no schema", "string"],
  ])("refuses %s when it is compiled", (_, schema) => {
    expect(() => compileProjection(schema)).toThrow();
  });

  it("takes references in data for data", () => {
    const project = compileProjection(object({ a: { const: { $ref: "#/nowhere" } } }));
    expect(project({ a: { $ref: "#/nowhere" }, p: 1 })).toEqual({ a: { $ref: "#/nowhere" } });
  });

  it("ends on a schema that includes itself", () => {
    const project = compileProjection({ allOf: [{ $ref: "#" }], properties: { a: text } });
    expect(() => project({ a: "1", p: 2 })).not.toThrow();
  });
});
