const watched = [
  Object,
  Array,
  Function,
  String,
  Number,
  Boolean,
  Map,
  Set,
  Promise,
  RegExp,
  Error,
  Date,
  Uint8Array,
];

/** Whether objects inherit something that shows: what an attacker reaches by a plain assignment. */
export function inheritsAnything(): boolean {
  for (const _name in {}) return true;
  return false;
}

/** Everything that the engine's prototypes carry, as a text that changes with it. */
export const prototypeMembers = (): string =>
  watched.map(({ prototype }) => Reflect.ownKeys(prototype).map(String).join()).join(";");

const expected: ReadonlySet<unknown> = new Set<unknown>([
  null,
  ...[Object, Array, Uint8Array, Buffer, Date].map(({ prototype }) => prototype as unknown),
]);

/** The path to an object of a result that got its prototype from the input; nothing if there is none. */
export function foreignPrototype(result: unknown): string | undefined {
  const waiting: (readonly [path: string, value: unknown])[] = [["result", result]];
  for (let visited = 0; visited < maxVisits; visited += 1) {
    const next = waiting.pop();
    if (next === undefined) return undefined;
    const [path, value] = next;
    if (typeof value !== "object" || value === null) continue;
    if (!expected.has(Object.getPrototypeOf(value))) return path;
    if (ArrayBuffer.isView(value)) continue;
    for (const name of Object.keys(value)) {
      waiting.push([`${path}.${name}`, (value as Readonly<Record<string, unknown>>)[name]]);
    }
  }
  return undefined;
}

const maxVisits = 200;
