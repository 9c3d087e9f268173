import { badRequest } from "./answers.js";

/** Reads the members of a JSON object that came from outside; complaints name the path. */
export class JsonFields {
  readonly #value: Readonly<Record<string, unknown>>;
  readonly #path: string;

  /** @throws {BrokerError} `badRequest` unless it is an object */
  constructor(value: unknown, path: string) {
    if (!isObject(value)) throw badRequest(`${path} must be an object.`);
    this.#value = value;
    this.#path = path;
  }

  /** Whether the member is there and not null. */
  has(name: string): boolean {
    return (this.raw(name) ?? null) !== null;
  }

  /** As it is; what takes it checks it. */
  raw(name: string): unknown {
    return Object.hasOwn(this.#value, name) ? this.#value[name] : undefined;
  }

  /** @throws {BrokerError} `badRequest` */
  object(name: string): JsonFields | undefined {
    return this.has(name) ? new JsonFields(this.raw(name), `${this.#path}.${name}`) : undefined;
  }

  /** @throws {BrokerError} `badRequest` */
  objects(name: string): readonly JsonFields[] {
    if (!this.has(name)) return [];
    const list = this.raw(name);
    if (!Array.isArray(list)) throw this.#wrong(name, "a list");
    return list.map((one, index) => new JsonFields(one, `${this.#path}.${name}[${String(index)}]`));
  }

  /** @throws {BrokerError} `badRequest` */
  text(name: string): string | undefined {
    if (!this.has(name)) return undefined;
    const value = this.raw(name);
    if (typeof value !== "string") throw this.#wrong(name, "a text");
    return value;
  }

  /** @throws {BrokerError} `badRequest` */
  number(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const value = this.raw(name);
    if (typeof value !== "number") throw this.#wrong(name, "a number");
    return value;
  }

  /** @throws {BrokerError} `badRequest` */
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((each) => each.toLowerCase() === text.toLowerCase());
    if (value === undefined) throw this.#wrong(name, `one of ${values.join(", ")}`);
    return value;
  }

  #wrong(name: string, wanted: string): Error {
    return badRequest(`${this.#path}.${name} must be ${wanted}.`);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
