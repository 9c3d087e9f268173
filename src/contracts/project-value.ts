/** Reduces a value to what a schema declares. */
export type Projection = (value: unknown) => unknown;

/** How to project the properties of an object. */
export interface Fields {
  /** The declared names, for objects whose properties are inherited accessors. */
  readonly names: readonly string[];
  /** `undefined` for a name that is not declared. */
  readonly fieldOf: (name: string) => Projection | undefined;
}

/** Makes a projection of objects: undeclared properties go, the others are projected. Copies only if it must. */
export function projectObject({ names, fieldOf }: Fields): Projection {
  return (value) => {
    const source = value as Readonly<Record<string, unknown>>;
    const plain = isPlain(source);
    const own = plain ? Object.keys(source) : readableNames(source, names);
    // An instance of a class becomes a plain object, so that no toJSON of its own decides what travels.
    let copy: Record<string, unknown> | undefined = plain ? undefined : {};
    let kept = 0;
    for (const name of own) {
      const field = fieldOf(name);
      const before = source[name];
      const after = field === undefined ? undefined : field(before);
      const same = field !== undefined && Object.is(after, before);
      if (copy === undefined && !same) copy = copyOf(source, own.slice(0, kept));
      if (copy !== undefined && field !== undefined) define(copy, name, after);
      kept += 1;
    }
    return copy ?? source;
  };
}

/** Makes a projection of arrays, element by element. Copies only if it must. */
export function projectArray(elementOf: (index: number) => Projection): Projection {
  return (value) => {
    const source = value as readonly unknown[];
    let copy: unknown[] | undefined;
    for (let index = 0; index < source.length; index += 1) {
      const before = source[index];
      const after = elementOf(index)(before);
      if (Object.is(after, before)) continue;
      copy ??= [...source];
      copy[index] = after;
    }
    return copy ?? source;
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Own properties, and declared ones that a class gives through accessors: validation saw those too. */
function readableNames(source: Readonly<Record<string, unknown>>, names: readonly string[]): string[] {
  const inherited = names.filter((name) => name in source && typeof source[name] !== "function");
  return [...new Set([...Object.keys(source), ...inherited])];
}

function copyOf(
  source: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const name of names) define(copy, name, source[name]);
  return copy;
}

/** Assigns; `__proto__` as an own property, as JSON.parse does, not as the prototype. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== "__proto__") target[name] = value;
  else Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
