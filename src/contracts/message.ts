import { WaybillError } from "../errors.js";
import { frozen } from "./frozen.js";
import type { JsonOk, Plain } from "./json-input.js";
import type { SchemaInput, SchemaOutput, StandardSchema } from "./standard-schema.js";

/** Whether a message states a fact (`event`) or asks for something (`command`). */
export type MessageKind = "event" | "command";

/**
 * The contract of one message type in one version: a frozen plain object, safe to share between packages.
 *
 * `In` is what a sender gives and what travels; `Out` is what the schema makes of it and what a handler gets.
 */
export interface Message<T extends string = string, V extends number = number, In = unknown, Out = unknown> {
  readonly "~message": MessageSpec<T, V, In, Out>;
  /**
   * The same contract, which also reads messages of the version before: `up` makes the input of this version out of
   * the output of that one. Versions chain, one step per release.
   * @throws {WaybillError} `invalidContract` if `previous` is of another type or not of a lower version.
   */
  from<PreviousIn, PreviousOut>(
    previous: Message<T, number, PreviousIn, PreviousOut>,
    up: (data: PreviousOut) => In,
  ): Message<T, V, In, Out>;
}

/** What a contract says of a message. Plain data and pure functions. */
export interface MessageSpec<T extends string, V extends number, In, Out> {
  /** The format of this object: an older contract package runs in a service on a newer waybill. */
  readonly format: 1;
  readonly kind: MessageKind;
  readonly type: T;
  readonly version: V;
  readonly schema: StandardSchema<In, Out>;
  readonly description: string | undefined;
  readonly examples: readonly In[];
  readonly sensitive: readonly string[];
  readonly hasKey: boolean;
  key(data: Out): string | undefined;
  readonly previous: { readonly message: Message; up(data: unknown): unknown } | undefined;
  /** Types only: never set. */
  readonly types?: { readonly input: In; readonly output: Out };
}

/** What a sender of `M` gives. */
export type InputOf<M extends Message> = NonNullable<M["~message"]["types"]>["input"];

/** What a handler of `M` gets. */
export type OutputOf<M extends Message> = NonNullable<M["~message"]["types"]>["output"];

/** The definition of a message: the second argument of {@link event} and {@link command}. */
export interface MessageDefinition<S extends StandardSchema, V extends number> {
  /** The major version, a whole number from 1. Raise it for a breaking change, with `.from()` for the old one. */
  readonly version: V;
  /** Any Standard Schema v1 (zod, valibot, arktype, …), or `fromJsonSchema()`. Its input must survive JSON. */
  readonly schema: S;
  /** The ordering key: session id, partition key and CloudEvents subject. At most 128 characters. */
  readonly key?: (data: SchemaOutput<S>) => string;
  /** One sentence for people. */
  readonly description?: string;
  /** Messages that validate: for documentation, tools and tests. */
  readonly examples?: readonly SchemaInput<S>[];
  /** JSON pointers (`"/email"`) of what tools and logs must not show. */
  readonly sensitive?: readonly string[];
}

/**
 * Declares an event: a fact, named in the past tense (`"tailwind.orders.order-placed"`).
 * @throws {WaybillError} `invalidContract` if the type is empty or over 128 characters, or the version no whole
 * number from 1.
 */
export function event<const T extends string, S extends StandardSchema, const V extends number>(
  type: T,
  definition: MessageDefinition<S, V> & JsonOk<SchemaInput<S>>,
): Message<T, V, Plain<SchemaInput<S>>, Plain<SchemaOutput<S>>> {
  return message(specOf("event", type, definition));
}

/**
 * Declares a command: a request, named in the imperative (`"tailwind.billing.charge-card"`).
 * @throws {WaybillError} `invalidContract` as {@link event} does.
 */
export function command<const T extends string, S extends StandardSchema, const V extends number>(
  type: T,
  definition: MessageDefinition<S, V> & JsonOk<SchemaInput<S>>,
): Message<T, V, Plain<SchemaInput<S>>, Plain<SchemaOutput<S>>> {
  return message(specOf("command", type, definition));
}

function message<T extends string, V extends number, In, Out>(
  spec: MessageSpec<T, V, In, Out>,
): Message<T, V, In, Out> {
  return Object.freeze({
    "~message": Object.freeze(spec),
    from<PreviousIn, PreviousOut>(
      previous: Message<T, number, PreviousIn, PreviousOut>,
      up: (data: PreviousOut) => In,
    ): Message<T, V, In, Out> {
      const old = previous["~message"];
      if (old.type !== spec.type || old.version >= spec.version) {
        throw new WaybillError(
          "invalidContract",
          `${spec.type} v${String(spec.version)} cannot come .from() ${old.type} v${String(old.version)}: give an older version of the same type`,
        );
      }
      // Erased: what it gets is what the schema of `previous` made.
      const erased = up as (data: unknown) => unknown;
      return message({ ...spec, previous: Object.freeze({ message: previous, up: erased }) });
    },
  });
}

function specOf<T extends string, S extends StandardSchema, V extends number>(
  kind: MessageKind,
  type: T,
  definition: MessageDefinition<S, V>,
): MessageSpec<T, V, Plain<SchemaInput<S>>, Plain<SchemaOutput<S>>> {
  checkType(type);
  checkVersion(type, definition.version);
  const { key } = definition;
  return {
    format: 1,
    kind,
    type,
    version: definition.version,
    schema: definition.schema as StandardSchema<Plain<SchemaInput<S>>, Plain<SchemaOutput<S>>>,
    description: definition.description,
    examples: frozen(definition.examples ?? []) as readonly Plain<SchemaInput<S>>[],
    sensitive: frozen(definition.sensitive ?? []),
    hasKey: key !== undefined,
    key: (data) => key?.(data),
    previous: undefined,
  };
}

function checkType(type: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N}._:/-]{0,127}$/u.test(type)) return;
  throw new WaybillError(
    "invalidContract",
    `the message type ${JSON.stringify(type)} is not usable: give 1 to 128 letters, digits, dots, dashes, colons or slashes, such as "tailwind.orders.order-placed"`,
  );
}

function checkVersion(type: string, version: number): void {
  if (Number.isSafeInteger(version) && version >= 1) return;
  throw new WaybillError(
    "invalidContract",
    `${type} has version ${String(version)}: give a whole number from 1`,
  );
}
