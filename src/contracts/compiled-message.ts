import { WaybillError, type ErrorCode } from "../errors.js";
import { inputProjection } from "./input-projection.js";
import type { Message, MessageSpec } from "./message.js";
import { describeIssues, oneLine } from "./schema-issues.js";
import type { SchemaResult } from "./standard-schema.js";

/** What a send puts on the wire. */
export interface WireData {
  /** The input, reduced to what its JSON Schema declares. */
  readonly data: unknown;
  readonly key: string | undefined;
}

/** A message contract, ready to check what is sent and what has come. Nothing here awaits a synchronous schema. */
export interface CompiledMessage {
  readonly type: string;
  readonly version: number;
  /** Why undeclared properties cannot be removed, if so: to be reported once, not thrown. */
  readonly warning: string | undefined;
  /**
   * Validates what a sender gave, and makes of it what travels.
   * @throws {WaybillError} `invalidMessage` if the schema or the key function refuses it; `keyRequired` if the key is
   * empty.
   */
  toWire(data: unknown): WireData | Promise<WireData>;
  /**
   * Validates what has come, of this version or an older one (`undefined` means this one), and lifts it step by step.
   * @throws {WaybillError} `unknownVersion`, `noUpcaster`, `schemaInvalid` or `upcastFailed`.
   */
  fromWire(version: number | undefined, data: unknown): unknown;
}

/**
 * Compiles a message contract; the same message gives the same object.
 * @throws {WaybillError} `invalidContract` for a contract in a newer format, or something else than a contract.
 */
export function compileMessage(message: Message): CompiledMessage {
  const known = compiled.get(message);
  if (known !== undefined) return known;
  const made = compile(message);
  compiled.set(message, made);
  return made;
}

/** The part of a contract that validation uses, whatever its types. */
type Spec = MessageSpec<string, number, unknown, unknown>;

const compiled = new WeakMap<Message, CompiledMessage>();

function compile(message: Message): CompiledMessage {
  const versions = versionsOf(message);
  const spec = message["~message"];
  const { project, warning } = inputProjection(nameOf(spec), spec.schema);
  return Object.freeze({
    type: spec.type,
    version: spec.version,
    warning,
    toWire: (data: unknown) =>
      after(validate(spec, data, "invalidMessage"), (output) => ({
        data: project(data),
        key: keyOf(spec, output),
      })),
    fromWire: (version: number | undefined, data: unknown) =>
      lift(versions, version === undefined ? 0 : indexOf(versions, version), data, "schemaInvalid"),
  });
}

/** This version and all older ones that it can read, newest first. */
function versionsOf(message: Message): readonly Spec[] {
  const versions: Spec[] = [];
  for (let at: Message | undefined = message; at !== undefined; at = at["~message"].previous?.message) {
    // Contracts come from packages of any age: what the type says need not hold.
    const spec = (at as Partial<Message>)["~message"];
    if (spec === undefined) {
      throw new WaybillError("invalidContract", "this is not a message: make one with event() or command()");
    }
    if ((spec.format as number) !== 1) {
      throw new WaybillError(
        "invalidContract",
        `${spec.type} was declared with a newer waybill (format ${String(spec.format)}): update waybill in this service`,
      );
    }
    versions.push(spec);
  }
  return versions;
}

function indexOf(versions: readonly Spec[], version: number): number {
  const index = versions.findIndex((spec) => spec.version === version);
  if (index >= 0) return index;
  const { type, version: current } = nth(versions, 0);
  const name = nameOf({ type, version });
  if (version > current) {
    throw new WaybillError(
      "unknownVersion",
      `${name} is newer than v${String(current)}, the newest known here: update the contract package`,
    );
  }
  throw new WaybillError(
    "noUpcaster",
    `${name} cannot be read by v${String(current)}: add .from() for that version to the contract`,
  );
}

/** Validates `data` with the version at `index` and goes on to the next newer one, up to the current. */
function lift(versions: readonly Spec[], index: number, data: unknown, code: ErrorCode): unknown {
  return after(validate(nth(versions, index), data, code), (output) => {
    if (index === 0) return output;
    const newer = nth(versions, index - 1);
    return lift(versions, index - 1, upcast(newer, output), "upcastFailed");
  });
}

function upcast(spec: Spec, output: unknown): unknown {
  try {
    return spec.previous?.up(output);
  } catch (cause) {
    const from = String(spec.previous?.message["~message"].version);
    throw new WaybillError("upcastFailed", `${nameOf(spec)}: the step .from() v${from} threw`, { cause });
  }
}

/** The output of the schema, at once if the schema is synchronous. */
function validate(spec: Spec, data: unknown, code: ErrorCode): unknown {
  let result;
  try {
    result = spec.schema["~standard"].validate(data);
  } catch (cause) {
    throw schemaThrew(spec, code, cause);
  }
  if (!isPromise(result)) return outputOf(result, spec, data, code);
  return result.then(
    (late) => outputOf(late, spec, data, code),
    (cause: unknown) => {
      throw schemaThrew(spec, code, cause);
    },
  );
}

function outputOf(result: SchemaResult<unknown>, spec: Spec, data: unknown, code: ErrorCode): unknown {
  if (result.issues === undefined) return result.value;
  const where = code === "upcastFailed" ? `${nameOf(spec)}, as made by .from(),` : nameOf(spec);
  throw new WaybillError(code, `${where} is not valid: ${describeIssues(result.issues, data)}`);
}

const schemaThrew = (spec: Spec, code: ErrorCode, cause: unknown): WaybillError =>
  new WaybillError(code, `${nameOf(spec)}: its schema threw instead of answering`, { cause });

function keyOf(spec: Spec, output: unknown): string | undefined {
  if (!spec.hasKey) return undefined;
  let key: unknown;
  try {
    key = spec.key(output);
  } catch (cause) {
    throw new WaybillError("invalidMessage", `${nameOf(spec)}: its key function threw`, { cause });
  }
  if (key === undefined || key === null || key === "") {
    throw new WaybillError("keyRequired", `${nameOf(spec)} has an empty key: give the data that key: reads`);
  }
  if (typeof key !== "string" || key.length > maxKeyLength) {
    const got = typeof key === "string" ? `${String(key.length)} characters` : `a ${typeof key}`;
    throw new WaybillError(
      "invalidMessage",
      `the key of ${nameOf(spec)} is ${got}: make it a string of 1 to ${String(maxKeyLength)} characters`,
    );
  }
  return key;
}

/** Session ids of Service Bus and partition keys of Event Hubs take 128 characters. */
const maxKeyLength = 128;

const nameOf = (spec: { readonly type: string; readonly version: number }): string =>
  `${oneLine(spec.type, 128)} v${String(spec.version)}`;

/** Goes on with a value, or with what a promise brings, without making a promise of a value. */
function after<T>(value: unknown, next: (value: unknown) => T): T | Promise<T> {
  return isPromise(value) ? value.then(next) : next(value);
}

const isPromise = <T>(value: T | PromiseLike<T>): value is Promise<T> =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as { readonly then?: unknown }).then === "function";

function nth<T>(list: readonly T[], index: number): T {
  const item = list[index];
  if (item === undefined) throw new RangeError(`no element ${String(index)}`);
  return item;
}
