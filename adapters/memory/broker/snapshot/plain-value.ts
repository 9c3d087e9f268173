/** What JSON can hold. */
export type PlainValue =
  null | boolean | number | string | readonly PlainValue[] | { readonly [key: string]: PlainValue };

/** Objects that are not plain, and how they are written and made anew. */
export interface PlainKind {
  /** Names the kind in what is written. Unlike those that this file writes itself. */
  readonly mark: string;
  is(value: object): boolean;
  /** What the object is made of; written in its turn. */
  write(value: object): unknown;
  /** Makes the object of what `write` gave. */
  read(parts: unknown): unknown;
}

/**
 * Writes a tree of values as JSON can hold it, so that {@link fromPlain} gives it back: also undefined members, bytes,
 * dates, big integers, maps, and numbers that are none in JSON. Objects lose their class, and what is shared is repeated.
 *
 * @throws {TypeError} for a function or symbol, naming where it is
 */
export function toPlain(value: unknown, kinds: readonly PlainKind[] = [], path = "$"): PlainValue {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : tagged("number", spelled(value));
    case "bigint":
      return tagged("bigint", String(value));
    case "undefined":
      return tagged("undefined", "");
    case "object":
      return value === null ? null : plainObject(value, kinds, path);
    case "function":
    case "symbol":
      throw new TypeError(`${path} is a ${typeof value}: it cannot be part of a snapshot`);
  }
}

/**
 * Reads what {@link toPlain} wrote.
 * @throws {TypeError} for a mark that it does not write
 */
export function fromPlain(plain: PlainValue, kinds: readonly PlainKind[] = []): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (isList(plain)) return plain.map((each) => fromPlain(each, kinds));
  const mark = plain[markKey];
  if (mark !== undefined) {
    const kind = kinds.find((each) => each.mark === mark);
    const value = plain["value"] ?? null;
    return kind === undefined ? unmarked(mark, value, kinds) : kind.read(fromPlain(value, kinds));
  }
  return Object.fromEntries(Object.entries(plain).map(([key, each]) => [key, fromPlain(each, kinds)]));
}

const markKey = "~";

const tagged = (mark: string, value: PlainValue): PlainValue => ({ [markKey]: mark, value });

const spelled = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

const isList = (value: object): value is readonly PlainValue[] => Array.isArray(value);

function plainObject(value: object, kinds: readonly PlainKind[], path: string): PlainValue {
  const kind = kinds.find((each) => each.is(value));
  if (kind !== undefined) return tagged(kind.mark, toPlain(kind.write(value), kinds, path));
  if (Buffer.isBuffer(value)) return tagged("buffer", value.toString("base64"));
  if (value instanceof Uint8Array) return tagged("bytes", Buffer.from(value).toString("base64"));
  if (value instanceof Date) return tagged("date", spelled(value.getTime()));
  if (Array.isArray(value)) return value.map((each, index) => toPlain(each, kinds, `${path}[${index}]`));
  if (value instanceof Map) return tagged("map", toPlain([...(value as Map<unknown, unknown>)], kinds, path));
  if (value instanceof Set) return tagged("set", toPlain([...(value as Set<unknown>)], kinds, path));
  const members = Object.entries(value).map(
    ([key, each]) => [key, toPlain(each, kinds, `${path}.${key}`)] as const,
  );
  // A member that is called like our mark would be taken for one: such an object travels as its entries.
  if (markKey in value) return tagged("object", members);
  return Object.fromEntries(members);
}

function unmarked(mark: PlainValue, value: PlainValue, kinds: readonly PlainKind[]): unknown {
  const text = typeof value === "string" ? value : "";
  switch (mark) {
    case "undefined":
      return undefined;
    case "number":
      return Number(text);
    case "bigint":
      return BigInt(text);
    case "date":
      return new Date(Number(text));
    case "buffer":
      return Buffer.from(text, "base64");
    case "bytes":
      return new Uint8Array(Buffer.from(text, "base64"));
    case "map":
      return new Map(entriesOf(value, kinds));
    case "set":
      return new Set(fromPlain(value, kinds) as unknown[]);
    case "object":
      return Object.fromEntries(entriesOf(value, kinds));
    default:
      throw new TypeError(`"${JSON.stringify(mark)}" marks no value of a snapshot`);
  }
}

const entriesOf = (value: PlainValue, kinds: readonly PlainKind[]): [string, unknown][] =>
  fromPlain(value, kinds) as [string, unknown][];
