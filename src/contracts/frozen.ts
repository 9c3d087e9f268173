/**
 * A deeply frozen copy of plain data. Functions, and objects that a class made, stay as they are: they belong to the
 * caller (a schema library may write to its schemas later).
 */
export function frozen<T>(data: T): T {
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) return Object.freeze(data.map(frozen)) as T;
  if (Object.getPrototypeOf(data) !== Object.prototype) return data;
  return Object.freeze(
    Object.fromEntries(Object.entries(data).map(([name, value]) => [name, frozen(value)])),
  ) as T;
}
