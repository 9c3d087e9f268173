import { badArgument } from "../../../../adapters/memory/broker/refusals.js";
import { asBuffer } from "../engine/codec.js";
import { AmqpUuid, type AmqpValue } from "../engine/engine.js";
import { textOfUuid } from "./lock-token.js";

type Entries = ReadonlyMap<AmqpValue, AmqpValue>;

/**
 * The map in the body of a management request. Readers with a fallback take a missing or null entry for it; every other
 * mistake throws {@link BrokerError} `com.microsoft:argument-error`.
 */
export class RequestBody {
  readonly #entries: Entries;

  constructor(body: AmqpValue) {
    this.#entries = asMap(body) ?? new Map();
  }

  text(name: string): string {
    const value = this.#entries.get(name);
    return typeof value === "string" ? value : this.#fail(name, "a string");
  }

  optionalText(name: string): string | undefined {
    return this.#isMissing(name) ? undefined : this.text(name);
  }

  number(name: string, fallback?: number): number {
    const value = this.#entries.get(name);
    if (typeof value === "number" && Number.isInteger(value)) return value;
    if (typeof value === "bigint") return Number(value);
    return fallback !== undefined && this.#isMissing(name) ? fallback : this.#fail(name, "a whole number");
  }

  boolean(name: string): boolean {
    return this.#entries.get(name) === true;
  }

  /** Milliseconds since 1970; undefined if there is none. */
  optionalTime(name: string): number | undefined {
    const value = this.#entries.get(name);
    return value instanceof Date && !Number.isNaN(value.getTime()) ? value.getTime() : undefined;
  }

  optionalBytes(name: string): Uint8Array | null {
    const value = this.#entries.get(name) ?? null;
    return value === null || value instanceof Uint8Array ? value : this.#fail(name, "binary");
  }

  numbers(name: string): number[] {
    return this.#list(name).map((value) =>
      typeof value === "number" || typeof value === "bigint"
        ? Number(value)
        : this.#fail(name, "an array of longs"),
    );
  }

  lockTokens(): string[] {
    const name = "lock-tokens";
    return this.#list(name).map((value) =>
      value instanceof AmqpUuid ? textOfUuid(value) : this.#fail(name, "an array of UUIDs"),
    );
  }

  /** The bodies within a list of maps. */
  maps(name: string): RequestBody[] {
    return this.#list(name).map((value) => new RequestBody(value));
  }

  map(name: string): RequestBody {
    return this.optionalMap(name) ?? this.#fail(name, "a map");
  }

  optionalMap(name: string): RequestBody | undefined {
    const entries = this.optionalEntries(name);
    return entries === undefined ? undefined : new RequestBody(entries);
  }

  optionalEntries(name: string): Entries | undefined {
    return this.#isMissing(name)
      ? undefined
      : (asMap(this.#entries.get(name) ?? null) ?? this.#fail(name, "a map"));
  }

  /** The binary entry `message` of one of `messages`. */
  message(): Buffer {
    const value = this.#entries.get("message");
    return value instanceof Uint8Array ? asBuffer(value) : this.#fail("message", "binary");
  }

  #isMissing(name: string): boolean {
    return (this.#entries.get(name) ?? null) === null;
  }

  #list(name: string): readonly AmqpValue[] {
    const value = this.#entries.get(name) ?? null;
    return Array.isArray(value) ? (value as readonly AmqpValue[]) : this.#fail(name, "a list");
  }

  #fail(name: string, wanted: string): never {
    throw badArgument(`The entry '${name}' of the request must be ${wanted}.`);
  }
}

const asMap = (value: AmqpValue): Entries | undefined =>
  value instanceof Map ? (value as Entries) : undefined;
