type Primitive = string | number | boolean | null | undefined;

/** `T` with every part that JSON cannot carry replaced by a sentence. */
export type Json<T> = unknown extends T
  ? T
  : T extends Primitive
    ? T
    : T extends bigint
      ? "✗ a bigint does not survive JSON: use a string"
      : T extends symbol
        ? "✗ a symbol does not survive JSON"
        : T extends (...args: never) => unknown
          ? "✗ a function does not survive JSON"
          : T extends Date
            ? "✗ a Date does not survive JSON: use an ISO string"
            : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
              ? "✗ a Map or Set does not survive JSON: use an object or an array"
              : T extends object
                ? { readonly [K in keyof T]: Json<T[K]> }
                : T;

/** Nothing if `T` survives JSON; otherwise a property that the definition lacks, which names the reason. */
export type JsonOk<T> = [T] extends [Json<T>]
  ? unknown
  : { readonly "✗ the schema's input must survive JSON": Json<T> };

/** `T` spelled out, so that a declaration file names no helper and no schema library. */
export type Plain<T> = unknown extends T
  ? T
  : T extends Primitive | bigint | symbol | Date | ((...args: never) => unknown)
    ? T
    : T extends ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>
      ? T
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> } & {}
        : T;
