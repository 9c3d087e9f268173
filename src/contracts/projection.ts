import { anyOf, declaredArrays, declaredObjects, type ArrayPart, type ObjectPart } from "./declarations.js";
import { discriminatorOf, type Discriminator } from "./discriminator.js";
import { projectArray, projectObject, type Projection } from "./project-value.js";
import { isSchema, schemaDocument, type JsonSchema, type SchemaDocument } from "./schema-document.js";

/**
 * Compiles a JSON Schema into a function that reduces a valid value to what the schema declares.
 *
 * A property travels if any part of the schema that can apply declares it: `properties`, `patternProperties`,
 * `additionalProperties` other than false, in `allOf`, behind `$ref`, under `if`; of `anyOf` and `oneOf` in every branch,
 * or in the fitting ones alone where the constants of a property tell the branches apart. Where nothing at all is said of
 * an object (`{}`, `{ "type": "object" }`) it travels whole. Values never change; a value that loses nothing is returned
 * itself, not a copy.
 * @throws {Error} if the schema is none, or refers to something outside itself.
 */
export function compileProjection(schema: unknown): Projection {
  if (!isSchema(schema)) throw new Error("not a JSON Schema");
  const compiler: Compiler = {
    document: schemaDocument(schema),
    ids: new Map(),
    discriminators: new Map(),
    projections: new Map(),
  };
  return projectionOf([schema], compiler);
}

interface Compiler {
  readonly document: SchemaDocument;
  readonly ids: Map<JsonSchema, number>;
  readonly discriminators: Map<JsonSchema, Discriminator | undefined>;
  /** By the ids of the schemas that declare the value together: there are finitely many, so recursion ends. */
  readonly projections: Map<string, Projection>;
}

/** Unions of many unions multiply: past this, compiling would take longer than any send is worth. */
const maxProjections = 20_000;

const keep: Projection = (value) => value;

/** The projection of a value that each of the schemas declares a part of. */
function projectionOf(schemas: readonly JsonSchema[], compiler: Compiler): Projection {
  const distinct = [...new Set(schemas)].filter((schema) => schema !== false);
  const key = distinct
    .map((schema) => idOf(schema, compiler))
    .sort((a, b) => a - b)
    .join();
  const known = compiler.projections.get(key);
  if (known !== undefined) return known;
  if (compiler.projections.size >= maxProjections) throw new Error("its unions have too many combinations");
  // What recurs while this is being built gets a function that looks up the result later.
  compiler.projections.set(key, (value) => built(value));
  const built = build(distinct, compiler);
  compiler.projections.set(key, built);
  return built;
}

function idOf(schema: JsonSchema, { ids }: Compiler): number {
  const id = ids.get(schema) ?? ids.size;
  ids.set(schema, id);
  return id;
}

function build(schemas: readonly JsonSchema[], compiler: Compiler): Projection {
  const { document } = compiler;
  const objects = anyOf(schemas.map((schema) => declaredObjects(schema, document)));
  const arrays = anyOf(schemas.map((schema) => declaredArrays(schema, document)));
  const ofArray = arrays.open || arrays.parts.length === 0 ? keep : buildArray(arrays.parts, compiler);
  const ofObject = objects.open || objects.parts.length === 0 ? keep : buildObject(objects.parts, compiler);
  const chosen = ofObject === keep ? keep : buildChoice(schemas, ofObject, compiler);
  if (ofArray === keep && chosen === keep) return keep;
  return (value) => {
    if (typeof value !== "object" || value === null) return value;
    return Array.isArray(value) ? ofArray(value) : chosen(value);
  };
}

/** Where a property decides a union, projects by the branches that fit; otherwise by all. */
function buildChoice(schemas: readonly JsonSchema[], ofObject: Projection, compiler: Compiler): Projection {
  for (const schema of schemas) {
    const discriminator = discriminate(schema, compiler);
    if (discriminator === undefined) continue;
    const { property } = discriminator;
    const others = schemas.filter((other) => other !== schema);
    const byConstant = new Map(
      [...discriminator.choices].map(([constant, choice]) => [
        constant,
        projectionOf([...others, choice], compiler),
      ]),
    );
    return (value) => {
      const constant = (value as Readonly<Record<string, unknown>>)[property];
      return (byConstant.get(constant) ?? ofObject)(value);
    };
  }
  return ofObject;
}

/** Found once per schema, so that the choices stay the same objects and recursion through them ends. */
function discriminate(schema: JsonSchema, compiler: Compiler): Discriminator | undefined {
  const { discriminators } = compiler;
  if (!discriminators.has(schema)) discriminators.set(schema, discriminatorOf(schema, compiler.document));
  return discriminators.get(schema);
}

function buildObject(parts: readonly ObjectPart[], compiler: Compiler): Projection {
  const fieldOf = (name: string): Projection | undefined => {
    const schemas = schemasFor(name, parts);
    return schemas.length === 0 ? undefined : projectionOf(schemas, compiler);
  };
  const names = new Set(parts.flatMap((part) => [...part.properties.keys()]));
  const fields = new Map([...names].map((name) => [name, fieldOf(name)]));
  const patterned = parts.some((part) => part.patterns.length > 0);
  // Names that patterns match are met later; a broken schema must show now.
  for (const [, schema] of parts.flatMap((part) => part.patterns)) projectionOf([schema], compiler);
  // Without patterns all undeclared names fare alike, so one stands for them.
  const other = fieldOf(undeclaredName(names));
  return projectObject({
    names: [...names],
    fieldOf: (name) => {
      const field = fields.get(name);
      if (field !== undefined || fields.has(name)) return field;
      return patterned ? fieldOf(name) : other;
    },
  });
}

/** What the parts say of one property. `false` says that there is none. */
function schemasFor(name: string, parts: readonly ObjectPart[]): readonly JsonSchema[] {
  const schemas = parts.flatMap((part) => {
    const own = part.properties.get(name);
    const matching = part.patterns.filter(([regExp]) => regExp.test(name)).map(([, schema]) => schema);
    const said = own === undefined ? matching : [own, ...matching];
    return said.length === 0 && part.rest !== undefined ? [part.rest] : said;
  });
  const declared = schemas.filter((schema) => schema !== false);
  if (declared.length > 0) return declared;
  const leftovers = parts.map((part) => part.leftover);
  return leftovers.filter((schema) => schema !== undefined && schema !== false);
}

function undeclaredName(names: ReadonlySet<string>): string {
  let name = "";
  while (names.has(name)) name += "_";
  return name;
}

function buildArray(parts: readonly ArrayPart[], compiler: Compiler): Projection {
  const elementAt = (index: number): Projection => {
    const said = parts.map((part) => part.prefix[index] ?? part.items);
    const schemas = said.filter((schema) => schema !== undefined);
    return schemas.length === 0 ? keep : projectionOf(schemas, compiler);
  };
  const longest = Math.max(...parts.map((part) => part.prefix.length));
  const prefix = Array.from({ length: longest }, (_, index) => elementAt(index));
  const rest = elementAt(longest);
  if (rest === keep && prefix.every((element) => element === keep)) return keep;
  return projectArray((index) => prefix[index] ?? rest);
}
