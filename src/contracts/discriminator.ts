import { declaredObjects } from "./declarations.js";
import {
  isSchemaObject,
  schemaEntries,
  schemasOf,
  type JsonSchema,
  type JsonSchemaObject,
  type SchemaDocument,
} from "./schema-document.js";

/** A union that the value of one property decides. */
export interface Discriminator {
  readonly property: string;
  /** For each constant, the schema with the union replaced by the branches that have it. */
  readonly choices: ReadonlyMap<unknown, JsonSchema>;
}

/** Finds the first union in `schema` that a property decides, also behind its `$ref` and `allOf`. */
export function discriminatorOf(schema: JsonSchema, document: SchemaDocument): Discriminator | undefined {
  return find(schema, { document, within: new Set() });
}

interface Search {
  readonly document: SchemaDocument;
  /** The schemas being searched, so that one that includes itself ends. */
  readonly within: Set<JsonSchema>;
}

function find(schema: JsonSchema, search: Search): Discriminator | undefined {
  if (!isSchemaObject(schema) || search.within.has(schema)) return undefined;
  search.within.add(schema);
  const found = inUnions(schema, search) ?? inReference(schema, search) ?? inAllOf(schema, search);
  search.within.delete(schema);
  return found;
}

function inUnions(schema: JsonSchemaObject, search: Search): Discriminator | undefined {
  for (const keyword of ["oneOf", "anyOf"]) {
    const branches = possibleBranches(schema[keyword], search);
    const rest = without(schema, keyword);
    for (const property of sharedNames(branches, search)) {
      const choices = choicesBy(property, branches, search);
      if (choices === undefined) continue;
      const chosen = [...choices].map(
        ([constant, fitting]) => [constant, both(rest, either(fitting))] as const,
      );
      return { property, choices: new Map(chosen) };
    }
  }
  return undefined;
}

function inReference(schema: JsonSchemaObject, search: Search): Discriminator | undefined {
  const { $ref } = schema;
  if (typeof $ref !== "string") return undefined;
  const rest = without(schema, "$ref");
  return mapChoices(find(search.document.resolve($ref), search), (choice) => both(rest, choice));
}

function inAllOf(schema: JsonSchemaObject, search: Search): Discriminator | undefined {
  const parts = schemasOf(schema["allOf"]);
  for (const part of parts) {
    const found = find(part, search);
    const rest = { ...schema, allOf: parts.filter((other) => other !== part) };
    if (found !== undefined) return mapChoices(found, (choice) => both(rest, choice));
  }
  return undefined;
}

/** The names that could decide: those of the first branch. */
function sharedNames(branches: readonly JsonSchema[], { document }: Search): readonly string[] {
  const [first, ...others] = branches;
  if (first === undefined || others.length === 0) return [];
  return declaredObjects(first, document).parts.flatMap((part) => [...part.properties.keys()]);
}

/** The branches by constant of a property, if every branch has constants and each constant rules some branch out. */
function choicesBy(
  property: string,
  branches: readonly JsonSchema[],
  search: Search,
): ReadonlyMap<unknown, readonly JsonSchema[]> | undefined {
  const choices = new Map<unknown, JsonSchema[]>();
  for (const branch of branches) {
    const constants = constantsOf(branch, property, search);
    if (constants === undefined) return undefined;
    for (const constant of new Set(constants))
      choices.set(constant, [...(choices.get(constant) ?? []), branch]);
  }
  const decides = [...choices.values()].every((fitting) => fitting.length < branches.length);
  return decides ? choices : undefined;
}

/** The values that `schema` allows for a property, if it lists them; a branch without such a list decides nothing. */
function constantsOf(schema: JsonSchema, property: string, search: Search): readonly unknown[] | undefined {
  const own = new Map(isSchemaObject(schema) ? schemaEntries(schema["properties"]) : []).get(property);
  const constants = own === undefined ? undefined : listed(own, search);
  return constants ?? through(schema, search, (part) => constantsOf(part, property, search));
}

/** The values that `schema` allows, if it lists them and each is a primitive. */
function listed(schema: JsonSchema, search: Search): readonly unknown[] | undefined {
  if (!isSchemaObject(schema)) return undefined;
  const values = "const" in schema ? [schema["const"]] : schema["enum"];
  if (!Array.isArray(values)) return through(schema, search, (part) => listed(part, search));
  return values.every((value) => typeof value !== "object" || value === null) ? values : undefined;
}

/** Asks the parts of a schema: one of those that hold together is enough, of alternatives all must answer. */
function through(
  schema: JsonSchema,
  search: Search,
  ask: (part: JsonSchema) => readonly unknown[] | undefined,
): readonly unknown[] | undefined {
  if (!isSchemaObject(schema) || search.within.has(schema)) return undefined;
  search.within.add(schema);
  const { $ref } = schema;
  const together = typeof $ref === "string" ? [search.document.resolve($ref)] : [];
  let answer = [...together, ...schemasOf(schema["allOf"])]
    .map(ask)
    .find((constants) => constants !== undefined);
  for (const keyword of ["oneOf", "anyOf"]) {
    const answers = possibleBranches(schema[keyword], search).map(ask);
    if (answers.length > 0 && answers.every((constants) => constants !== undefined))
      answer ??= answers.flat();
  }
  search.within.delete(schema);
  return answer;
}

const possibleBranches = (value: unknown, { document }: Search): readonly JsonSchema[] =>
  schemasOf(value).filter((branch) => declaredObjects(branch, document).possible);

const without = (schema: JsonSchemaObject, keyword: string): JsonSchemaObject =>
  Object.fromEntries(Object.entries(schema).filter(([name]) => name !== keyword));

const either = (branches: readonly JsonSchema[]): JsonSchema =>
  branches.length === 1 && branches[0] !== undefined ? branches[0] : { anyOf: branches };

const both = (schema: JsonSchemaObject, other: JsonSchema): JsonSchema => ({
  ...schema,
  allOf: [...schemasOf(schema["allOf"]), other],
});

const mapChoices = (
  found: Discriminator | undefined,
  change: (choice: JsonSchema) => JsonSchema,
): Discriminator | undefined =>
  found && {
    property: found.property,
    choices: new Map([...found.choices].map(([constant, choice]) => [constant, change(choice)])),
  };
