import { parseDuration } from "../http/administration/iso-duration.js";
import { ConfigError } from "./config-error.js";

/** Hears of what is not wrong, but has no effect. */
export type Warn = (text: string) => void;

/**
 * One object of a configuration file, with the path to it. Reads members by their names in whatever letter case, as
 * Microsoft's emulators do, and knows which of them nobody asked for.
 */
export class JsonNode {
  readonly path: string;
  readonly #members: ReadonlyMap<string, readonly [name: string, value: unknown]>;
  readonly #asked = new Set<string>();

  /** @throws {ConfigError} if `value` is not an object */
  constructor(value: unknown, path: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new ConfigError(path, "must be an object: write { … }");
    }
    this.path = path;
    const entries = Object.entries(value).map(([name, each]) => [name.toLowerCase(), [name, each]] as const);
    this.#members = new Map(entries);
  }

  has(name: string): boolean {
    return this.#read(name) !== undefined;
  }

  object(name: string): JsonNode | undefined {
    const value = this.#read(name);
    return value === undefined ? undefined : new JsonNode(value, this.#at(name));
  }

  /** The objects of a list; none if there is no such list. */
  objects(name: string): readonly JsonNode[] {
    const value = this.#read(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#error(name, "must be a list: write [ … ]");
    return value.map((each: unknown, index) => new JsonNode(each, `${this.#at(name)}[${index}]`));
  }

  text(name: string): string | undefined {
    const value = this.#read(name);
    if (value === undefined || typeof value === "string") return value;
    throw this.#error(name, 'must be a text: write "…"');
  }

  requiredText(name: string): string {
    const value = this.text(name);
    if (value !== undefined && value !== "") return value;
    throw new ConfigError(this.path, `needs a ${name}: write "${name}": "…"`);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = values.find((each) => each.toLowerCase() === text.toLowerCase());
    if (value !== undefined) return value;
    throw this.#error(name, `is ${JSON.stringify(text)}: write ${listed(values)}`);
  }

  flag(name: string): boolean | undefined {
    const value = this.#read(name);
    if (value === undefined || typeof value === "boolean") return value;
    throw this.#error(name, "must be true or false, without quotes");
  }

  wholeNumber(name: string, least: number): number | undefined {
    const value = this.#read(name);
    if (value === undefined) return undefined;
    const number = typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
    if (typeof number === "number" && Number.isSafeInteger(number) && number >= least) return number;
    throw this.#error(name, `must be a whole number of at least ${least}`);
  }

  /** Milliseconds of an ISO 8601 duration. An empty text is no duration, as in the files that Microsoft ships. */
  durationMs(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined || text === "") return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined) return ms;
    throw this.#error(
      name,
      `is ${JSON.stringify(text)}: write an ISO 8601 duration such as "PT1M" or "PT1H"`,
    );
  }

  /** Members that are texts, numbers and booleans, under their own names. */
  values(name: string): Readonly<Record<string, string | number | boolean>> {
    const value = this.#read(name);
    if (value === undefined) return {};
    const { path } = new JsonNode(value, this.#at(name));
    const entries = Object.entries(value as object).map(([key, each]: [string, unknown]) => {
      if (typeof each === "string" || typeof each === "number" || typeof each === "boolean")
        return [key, each] as const;
      throw new ConfigError(`${path}.${key}`, "must be a text, a number, true or false");
    });
    return Object.fromEntries(entries);
  }

  /** Says which members were not read. */
  warnOfRest(warn: Warn): void {
    for (const [key, [name]] of this.#members) {
      if (!this.#asked.has(key)) warn(`${this.path}.${name} is not known to the emulator and has no effect`);
    }
  }

  /** Reads nothing of these members, and says nothing of them: they are about another program. */
  ignore(...names: readonly string[]): void {
    for (const name of names) this.#read(name);
  }

  #read(name: string): unknown {
    const key = name.toLowerCase();
    this.#asked.add(key);
    const value = this.#members.get(key)?.[1];
    return value === null ? undefined : value;
  }

  #at(name: string): string {
    return `${this.path}.${this.#members.get(name.toLowerCase())?.[0] ?? name}`;
  }

  #error(name: string, what: string): ConfigError {
    return new ConfigError(this.#at(name), what);
  }
}

const listed = (values: readonly string[]): string =>
  values.map((value) => JSON.stringify(value)).join(" or ");
