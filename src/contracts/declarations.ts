import {
  isSchema,
  isSchemaObject,
  schemaEntries,
  schemasOf,
  type JsonSchema,
  type JsonSchemaObject,
  type SchemaDocument,
} from "./schema-document.js";

/** What the parts of a schema declare about values of one kind. */
export interface Declared<D> {
  /** Whether a value of that kind can be valid at all. */
  readonly possible: boolean;
  /** Whether nothing is said of the inside of such a value: then all of it is declared. */
  readonly open: boolean;
  readonly parts: readonly D[];
}

/** The properties that one part of a schema declares. */
export interface ObjectPart {
  readonly properties: ReadonlyMap<string, JsonSchema>;
  readonly patterns: readonly (readonly [RegExp, JsonSchema])[];
  /** For names that neither `properties` nor `patterns` of this part has. */
  readonly rest: JsonSchema | undefined;
  /** For names that no part has. */
  readonly leftover: JsonSchema | undefined;
}

/** The elements that one part of a schema declares. */
export interface ArrayPart {
  readonly prefix: readonly JsonSchema[];
  readonly items: JsonSchema | undefined;
}

/** What `schema` declares of objects. */
export const declaredObjects = (schema: JsonSchema, document: SchemaDocument): Declared<ObjectPart> =>
  declared(schema, { document, kind: "object", own: objectPart, within: new Set() });

/** What `schema` declares of arrays. */
export const declaredArrays = (schema: JsonSchema, document: SchemaDocument): Declared<ArrayPart> =>
  declared(schema, { document, kind: "array", own: arrayPart, within: new Set() });

/** Either of them: a property is declared if one declares it; one that is open opens the whole. */
export function anyOf<D>(all: readonly Declared<D>[]): Declared<D> {
  const possible = all.filter((one) => one.possible);
  return {
    possible: possible.length > 0,
    open: possible.some((one) => one.open),
    parts: possible.flatMap((one) => one.parts),
  };
}

/** All of them at once: a property is declared if one declares it; those that say nothing add nothing. */
function allOf<D>(all: readonly Declared<D>[]): Declared<D> {
  if (all.some((one) => !one.possible)) return { possible: false, open: false, parts: [] };
  return {
    possible: true,
    open: all.every((one) => one.open),
    parts: all.flatMap((one) => one.parts),
  };
}

interface Reading<D> {
  readonly document: SchemaDocument;
  readonly kind: "object" | "array";
  readonly own: (schema: JsonSchemaObject) => D | undefined;
  /** The schemas being read, so that one that includes itself ends. */
  readonly within: Set<JsonSchema>;
}

function declared<D>(schema: JsonSchema, reading: Reading<D>): Declared<D> {
  const nothing = { possible: false, open: false, parts: [] };
  if (schema === true) return { possible: true, open: true, parts: [] };
  if (schema === false || !admits(schema, reading.kind) || reading.within.has(schema)) return nothing;
  reading.within.add(schema);
  const read = (part: JsonSchema): Declared<D> => declared(part, reading);
  const own = reading.own(schema);
  const all: Declared<D>[] = [
    own === undefined ? read(true) : { possible: true, open: false, parts: [own] },
    ...schemasOf(schema["allOf"]).map(read),
  ];
  if (typeof schema["$ref"] === "string") all.push(read(reading.document.resolve(schema["$ref"])));
  for (const keyword of ["anyOf", "oneOf"]) {
    if (Array.isArray(schema[keyword])) all.push(anyOf(schemasOf(schema[keyword]).map(read)));
  }
  // What applies only under a condition declares its properties, but decides nothing about the others.
  for (const part of conditional(schema)) all.push(anyOf([read(part), read(true)]));
  reading.within.delete(schema);
  return allOf(all);
}

const conditional = (schema: JsonSchemaObject): readonly JsonSchema[] => [
  ...[schema["if"], schema["then"], schema["else"]].filter(isSchema),
  ...schemaEntries(schema["dependentSchemas"]).map(([, part]) => part),
];

/** Whether `type`, `const` and `enum` leave room for values of the kind. */
function admits(schema: JsonSchemaObject, kind: "object" | "array"): boolean {
  const { type, const: only, enum: several } = schema;
  const fits = (value: unknown): boolean => (kind === "array" ? Array.isArray(value) : isSchemaObject(value));
  if (typeof type === "string" && type !== kind) return false;
  if (Array.isArray(type) && !type.includes(kind)) return false;
  if ("const" in schema && !fits(only)) return false;
  return !Array.isArray(several) || several.some(fits);
}

function objectPart(schema: JsonSchemaObject): ObjectPart | undefined {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema;
  const said = [properties, patternProperties, additionalProperties, unevaluatedProperties];
  if (!said.some(isSchema)) return undefined;
  return {
    properties: new Map(schemaEntries(properties)),
    patterns: schemaEntries(patternProperties).map(([source, part]) => [pattern(source), part]),
    rest: isSchema(additionalProperties) ? additionalProperties : undefined,
    leftover: isSchema(unevaluatedProperties) ? unevaluatedProperties : undefined,
  };
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    // Patterns written for engines without Unicode mode escape more than it allows.
    return new RegExp(source);
  }
}

function arrayPart(schema: JsonSchemaObject): ArrayPart | undefined {
  const { prefixItems, items, additionalItems, unevaluatedItems } = schema;
  if (Array.isArray(items)) {
    return { prefix: schemasOf(items), items: isSchema(additionalItems) ? additionalItems : undefined };
  }
  const rest = isSchema(items) ? items : unevaluatedItems;
  if (!Array.isArray(prefixItems) && !isSchema(rest)) return undefined;
  return { prefix: schemasOf(prefixItems), items: isSchema(rest) ? rest : undefined };
}
