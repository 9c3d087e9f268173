/** Any value that JSON carries. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };

/** `T` with every part that JSON cannot carry replaced by a sentence. */
export type Json<T> = unknown extends T
  ? T
  : [T] extends [JsonValue]
    ? T
    : T extends Primitive
      ? T
      : T extends Foreign
        ? Reason<T>
        : T extends object
          ? { readonly [K in keyof T]: Json<T[K]> }
          : T;

/** Nothing if `T` survives JSON; otherwise a definition that no schema fits, which names each culprit. */
export type JsonOk<T> = [T] extends [Json<T>] ? unknown : { readonly schema: Complaint<Culprits<T>> };

/** `T` spelled out, so that a declaration file names no helper and no schema library. */
export type Plain<T> = unknown extends T
  ? T
  : [T, JsonValue] extends [JsonValue, T]
    ? JsonValue
    : T extends Primitive | Foreign
      ? T
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> } & {}
        : T;

type Primitive = string | number | boolean | null | undefined;

/** What JSON cannot carry. */
type Foreign =
  | bigint
  | symbol
  | Date
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | ArrayBufferView
  | ((...args: never) => unknown);

type Reason<T> = T extends bigint
  ? "✗ a bigint does not survive JSON: use a string"
  : T extends Date
    ? "✗ a Date does not survive JSON: use an ISO string"
    : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? "✗ a Map or Set does not survive JSON: use an object or an array"
      : T extends ArrayBufferView
        ? "✗ bytes do not survive JSON: use a base64 string"
        : T extends symbol
          ? "✗ a symbol does not survive JSON"
          : "✗ a function does not survive JSON";

/** The reasons of all parts of `T`, each with where it is, as deep as is of use to a reader. */
type Culprits<T, Path extends string = "", Depth extends 0[] = []> = unknown extends T
  ? never
  : T extends Primitive
    ? never
    : T extends Foreign
      ? `${Reason<T>}${Path extends "" ? "" : ` (at ${Path})`}`
      : Depth["length"] extends 6
        ? never
        : T extends readonly (infer Element)[]
          ? Culprits<Element, `${Path}[]`, [...Depth, 0]>
          : {
              [K in keyof T & string]: Culprits<T[K], Path extends "" ? K : `${Path}.${K}`, [...Depth, 0]>;
            }[keyof T & string];

type Complaint<C> = [C] extends [never] ? "✗ the schema's input must survive JSON" : C;
