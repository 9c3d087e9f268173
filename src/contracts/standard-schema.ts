/**
 * The part of Standard Schema v1 that Waybill uses, declared structurally so that no declaration of ours imports a
 * package: any library that implements the specification (zod, valibot, arktype, …) fits.
 * Source: https://standardschema.dev
 */
export interface StandardSchema<In = unknown, Out = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Out> | Promise<SchemaResult<Out>>;
    readonly types?: { readonly input: In; readonly output: Out } | undefined;
    /** Standard JSON Schema, where the library offers it. */
    readonly jsonSchema?: JsonSchemaSource;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Out> =
  { readonly value: Out; readonly issues?: undefined } | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export interface JsonSchemaSource {
  readonly input: (options: { readonly target: string }) => Record<string, unknown>;
  readonly output: (options: { readonly target: string }) => Record<string, unknown>;
}

/** The type that a sender gives to the schema. */
export type SchemaInput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["input"];

/** The type that the schema makes of it: what a handler gets. */
export type SchemaOutput<S extends StandardSchema> = NonNullable<S["~standard"]["types"]>["output"];
