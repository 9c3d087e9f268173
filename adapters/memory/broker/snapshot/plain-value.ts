/** What JSON can hold. */
export type PlainValue =
  null | boolean | number | string | readonly PlainValue[] | { readonly [key: string]: PlainValue };

/**
 * Writes a tree of values as JSON can hold it, so that {@link fromPlain} gives it back: also undefined members, bytes,
 * dates, big integers, maps, and numbers that are none in JSON. Objects lose their class, and what is shared is repeated.
 *
 * @throws {TypeError} for a function or symbol, naming where it is
 */
export function toPlain(value: unknown, path = "$"): PlainValue {
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
      return value === null ? null : plainObject(value, path);
    case "function":
    case "symbol":
      throw new TypeError(`${path} is a ${typeof value}: it cannot be part of a snapshot`);
  }
}

/**
 * Reads what {@link toPlain} wrote.
 * @throws {TypeError} for a mark that it does not write
 */
export function fromPlain(plain: PlainValue): unknown {
  if (typeof plain !== "object" || plain === null) return plain;
  if (isList(plain)) return plain.map(fromPlain);
  const mark = plain[markKey];
  if (mark !== undefined) return unmarked(mark, plain["value"]);
  return Object.fromEntries(Object.entries(plain).map(([key, each]) => [key, fromPlain(each)]));
}

const markKey = "~";

const tagged = (mark: string, value: PlainValue): PlainValue => ({ [markKey]: mark, value });

const spelled = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

const isList = (value: object): value is readonly PlainValue[] => Array.isArray(value);

function plainObject(value: object, path: string): PlainValue {
  if (Buffer.isBuffer(value)) return tagged("buffer", value.toString("base64"));
  if (value instanceof Uint8Array) return tagged("bytes", Buffer.from(value).toString("base64"));
  if (value instanceof Date) return tagged("date", spelled(value.getTime()));
  if (Array.isArray(value)) return value.map((each, index) => toPlain(each, `${path}[${index}]`));
  if (value instanceof Map) return tagged("map", toPlain([...(value as Map<unknown, unknown>)], path));
  if (value instanceof Set) return tagged("set", toPlain([...(value as Set<unknown>)], path));
  const members = Object.entries(value).map(([key, each]) => [key, toPlain(each, `${path}.${key}`)] as const);
  // A member that is called like our mark would be taken for one: such an object travels as its entries.
  if (markKey in value) return tagged("object", members);
  return Object.fromEntries(members);
}

function unmarked(mark: PlainValue, value: PlainValue | undefined): unknown {
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
      return new Map(entriesOf(value));
    case "set":
      return new Set(fromPlain(value ?? null) as unknown[]);
    case "object":
      return Object.fromEntries(entriesOf(value));
    default:
      throw new TypeError(`"${JSON.stringify(mark)}" marks no value of a snapshot`);
  }
}

const entriesOf = (value: PlainValue | undefined): [string, unknown][] =>
  fromPlain(value ?? null) as [string, unknown][];
