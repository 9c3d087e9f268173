import { compileProjection } from "./projection.js";
import type { Projection } from "./project-value.js";
import { oneLine } from "./schema-issues.js";
import type { StandardSchema } from "./standard-schema.js";

/** How the input of a message is reduced before it travels. */
export interface InputProjection {
  readonly project: Projection;
  /** Why the input travels as it is given, if so. */
  readonly warning: string | undefined;
}

/** The projection by the JSON Schema that the library gives for the input; without one, none and a warning. */
export function inputProjection(name: string, schema: StandardSchema): InputProjection {
  const { vendor, jsonSchema } = schema["~standard"];
  if (jsonSchema === undefined)
    return asGiven(name, `${oneLine(vendor, 40)} gives none; ${remedyOf(vendor)}`);
  try {
    return { project: compileProjection(jsonSchema.input({ target: "draft-2020-12" })), warning: undefined };
  } catch (cause) {
    const reason = cause instanceof Error ? oneLine(cause.message, 200) : "unknown reason";
    return asGiven(name, `${oneLine(vendor, 40)} says: ${reason}`);
  }
}

function asGiven(name: string, reason: string): InputProjection {
  return {
    project: (value) => value,
    warning: `${name} travels as it is given, with undeclared properties: its schema has no JSON Schema for the input (${reason})`,
  };
}

const remedyOf = (vendor: string): string =>
  vendor === "valibot"
    ? "wrap the schema with toStandardJsonSchema() of @valibot/to-json-schema"
    : "use a library with Standard JSON Schema, or fromJsonSchema()";
