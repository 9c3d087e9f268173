/** A JSON Schema, draft 2020-12 (with the array form of `items` that earlier drafts have). */
export type JsonSchema = boolean | JsonSchemaObject;
export type JsonSchemaObject = { readonly [keyword: string]: unknown };

/** One JSON Schema with what its references mean. */
export interface SchemaDocument {
  readonly root: JsonSchema;
  /** @throws {Error} for a reference that leads nowhere or leaves the document. */
  resolve(reference: string): JsonSchema;
}

/**
 * Reads a JSON Schema.
 * @throws {Error} if it has dynamic references.
 */
export function schemaDocument(root: JsonSchema): SchemaDocument {
  const named = new Map<string, JsonSchema>();
  visit(root, (schema) => {
    const { $id, $anchor, $dynamicRef } = schema;
    if (typeof $id === "string" && !named.has($id)) named.set($id, schema);
    if (typeof $anchor === "string") named.set(`#${$anchor}`, schema);
    if (typeof $dynamicRef === "string") throw new Error("$dynamicRef is not supported");
  });
  const resolve = (reference: string): JsonSchema => {
    const target = named.get(reference) ?? at(root, reference);
    if (!isSchema(target)) throw new Error(`the reference ${reference} leads to no schema`);
    return target;
  };
  return { root, resolve };
}

export const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === "boolean" || isSchemaObject(value);

export const isSchemaObject = (value: unknown): value is JsonSchemaObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The schemas under a keyword that lists them. */
export const schemasOf = (value: unknown): readonly JsonSchema[] =>
  Array.isArray(value) ? value.filter(isSchema) : [];

/** The schemas under a keyword that names them. */
export const schemaEntries = (value: unknown): readonly (readonly [string, JsonSchema])[] =>
  isSchemaObject(value)
    ? Object.entries(value).filter((entry): entry is [string, JsonSchema] => isSchema(entry[1]))
    : [];

/** Visits every object of the document once: schemas, and data under `const` or `examples`, which does no harm. */
function visit(root: unknown, see: (schema: JsonSchemaObject) => void): void {
  const seen = new Set<unknown>();
  const open: unknown[] = [root];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next !== "object" || next === null || seen.has(next)) continue;
    seen.add(next);
    if (isSchemaObject(next)) see(next);
    open.push(...(Object.values(next) as unknown[]));
  }
}

/** What a JSON pointer in a fragment leads to (RFC 6901, section 6). */
function at(root: unknown, reference: string): unknown {
  if (reference !== "#" && !reference.startsWith("#/")) return undefined;
  let value = root;
  for (const part of reference.split("/").slice(1)) {
    const key = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}
