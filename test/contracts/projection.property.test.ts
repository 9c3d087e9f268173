import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { compileProjection } from "../../src/contracts/projection.js";

/** What a contract might say, with a value that fits and the same value with undeclared properties strewn in. */
interface Sample {
  readonly schema: z.ZodType;
  readonly clean: unknown;
  readonly noisy: unknown;
}

const names = fc.constantFrom("a", "b", "c", "__proto__x", "constructor", "toString", "é", "", "a/b", "~0");
const noise = fc.dictionary(
  fc.constantFrom("password", "undeclared", "__proto__", "hasOwnProperty"),
  fc.jsonValue({ maxDepth: 1 }),
  { maxKeys: 3 },
);

const scalar: fc.Arbitrary<Sample> = fc.oneof(
  fc.string().map((clean) => ({ schema: z.string(), clean, noisy: clean })),
  fc.integer().map((clean) => ({ schema: z.number(), clean, noisy: clean })),
  fc.constant({ schema: z.null(), clean: null, noisy: null }),
  fc.jsonValue({ maxDepth: 2 }).map((clean) => ({ schema: z.any(), clean, noisy: clean })),
);

const { sample } = fc.letrec<{ sample: Sample }>((tie) => {
  const inner = tie("sample");
  const fields = fc.dictionary(names, inner, { maxKeys: 4 });
  return {
    sample: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.tuple(fields, noise).map(([all, junk]) => objectSample(all, junk)),
      fc.tuple(fields, noise).map(([all, junk]) => optional(objectSample(all, junk))),
      fc.array(inner, { maxLength: 4 }).map(tupleSample),
      fc.tuple(inner, fc.uniqueArray(names, { maxLength: 4 })).map(([one, keys]) => recordSample(one, keys)),
      fc.tuple(fields, fields, noise).map(([chosen, other, junk]) => unionSample(chosen, other, junk)),
      fc.tuple(fields, noise).map(([all, junk]) => looseSample(all, junk)),
    ),
  };
});

describe("a projection by the JSON Schema of zod", () => {
  it("removes what is not declared, and nothing else", () => {
    fc.assert(
      fc.property(sample, ({ schema, clean, noisy }) => {
        const projected = projectionBy(schema)(noisy);
        expect(json(projected)).toBe(json(clean));
        expect(schema.safeParse(projected).success).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it("returns a value that has nothing undeclared itself", () => {
    fc.assert(
      fc.property(sample, ({ schema, clean }) => {
        expect(projectionBy(schema)(clean)).toBe(clean);
      }),
      { numRuns: 300 },
    );
  });
});

type Samples = Readonly<Record<string, Sample>>;

function objectSample(fields: Samples, junk: object): Sample {
  const clean = mapped(fields, ({ clean }) => clean);
  return {
    schema: z.object(mapped(fields, ({ schema }) => schema)),
    clean,
    noisy: joined(
      junk,
      mapped(fields, ({ noisy }) => noisy),
    ),
  };
}

const optional = (one: Sample): Sample => ({ ...one, schema: one.schema.nullable() });

function looseSample(fields: Samples, junk: object): Sample {
  const strict = objectSample(fields, junk);
  // What a loose object does not declare travels as it is.
  return {
    schema: z.looseObject(mapped(fields, ({ schema }) => schema)),
    clean: joined(junk, strict.clean as object),
    noisy: strict.noisy,
  };
}

function unionSample(chosen: Samples, other: Samples, junk: object): Sample {
  const one = objectSample(chosen, junk);
  const schema = z.discriminatedUnion("kind!", [
    z.object({ ...mapped(chosen, ({ schema }) => schema), "kind!": z.literal("chosen") }),
    z.object({ ...mapped(other, ({ schema }) => schema), "kind!": z.literal("other") }),
  ]);
  const undeclared = Object.entries(other).filter(([name]) => !Object.hasOwn(chosen, name));
  const ofOther = Object.fromEntries(undeclared.map(([name, { noisy }]) => [name, noisy]));
  return {
    schema,
    clean: joined(one.clean as object, { "kind!": "chosen" }),
    noisy: joined(ofOther, joined(one.noisy as object, { "kind!": "chosen" })),
  };
}

function tupleSample(all: readonly Sample[]): Sample {
  const [first, ...others] = all;
  return {
    schema:
      first === undefined
        ? z.array(z.string())
        : z.tuple([first.schema, ...others.map(({ schema }) => schema)]),
    clean: all.map(({ clean }) => clean),
    noisy: all.map(({ noisy }) => noisy),
  };
}

const recordSample = (one: Sample, keys: readonly string[]): Sample => ({
  schema: z.record(z.string(), one.schema),
  clean: Object.fromEntries(keys.map((key) => [key, one.clean])),
  noisy: Object.fromEntries(keys.map((key) => [key, one.noisy])),
});

const projectionBy = (schema: z.ZodType) =>
  compileProjection(schema["~standard"].jsonSchema.input({ target: "draft-2020-12" }));

const mapped = <T>(fields: Samples, to: (field: Sample) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, to(field)]));

/** Both, `second` winning; own properties only, `__proto__` among them. */
const joined = (first: object, second: object): object =>
  Object.fromEntries([...Object.entries(first), ...Object.entries(second)] as [string, unknown][]);

/** JSON with sorted names: the order of properties is not the point here. */
const json = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
