import type { StandardSchema } from "./standard-schema.js";

/** What a JSON Schema validator found: the error objects of ajv and of TypeBox fit. */
export interface JsonSchemaIssue {
  /** JSON pointer to the value (`"/lines/0/price"`). */
  readonly path?: string | undefined;
  /** The same, as ajv and TypeBox call it. */
  readonly instancePath?: string | undefined;
  readonly message?: string | undefined;
}

/** What a validator answers: true or no issues for a valid value; false, or what it found, for another. */
export type JsonSchemaVerdict = boolean | readonly JsonSchemaIssue[] | null | undefined;

/**
 * Makes a Standard Schema of a JSON Schema (draft 2020-12) and a validator for it, for TypeBox, ajv and generated
 * contracts. The types are the caller's word; what `validate` accepts reaches the handler unchanged.
 *
 * @example
 * fromJsonSchema<Static<typeof Order>>(Order, (value) => Value.Errors(Order, value)); // TypeBox
 * fromJsonSchema<Order>(schema, (value) => check(value) || check.errors); // ajv
 */
export function fromJsonSchema<In, Out = In>(
  schema: object,
  validate: (value: unknown) => JsonSchemaVerdict,
): StandardSchema<In, Out> {
  const document = schema as Record<string, unknown>;
  return Object.freeze({
    "~standard": Object.freeze({
      version: 1,
      vendor: "json-schema",
      validate: (value: unknown) => {
        const issues = issuesOf(validate(value));
        return issues.length > 0 ? { issues } : { value: value as Out };
      },
      jsonSchema: Object.freeze({ input: () => document, output: () => document }),
    }),
  });
}

function issuesOf(verdict: JsonSchemaVerdict) {
  if (verdict === true) return [];
  if (!verdict) return [{ message: "does not match the JSON Schema" }];
  return verdict.map(({ path, instancePath, message }) => ({
    message: message ?? "does not match the JSON Schema",
    path: keysOf(path ?? instancePath ?? ""),
  }));
}

/** The keys of a JSON pointer (RFC 6901). */
const keysOf = (pointer: string): readonly string[] =>
  pointer
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
