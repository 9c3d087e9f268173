import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import { parseDuration } from "./iso-duration.js";
import { child, childText, type XmlElement } from "./xml.js";

/** Reads the members of a description. An empty element counts as absent. */
export class Fields {
  readonly #element: XmlElement;

  constructor(element: XmlElement) {
    this.#element = element;
  }

  element(name: string): XmlElement | undefined {
    return child(this.#element, name);
  }

  text(name: string): string | undefined {
    const text = childText(this.#element, name);
    return text === "" ? undefined : text;
  }

  /** @throws {BrokerError} `com.microsoft:argument-error` */
  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = { true: true, false: false, "1": true, "0": false }[text.toLowerCase()];
    return value ?? refuse(name, text, "true or false");
  }

  /** @throws {BrokerError} `com.microsoft:argument-error` unless it is a whole number from 0. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    return /^\d+$/.test(text) && Number.isSafeInteger(value) ? value : refuse(name, text, "a whole number");
  }

  /** Milliseconds. @throws {BrokerError} `com.microsoft:argument-error` */
  duration(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return parseDuration(text) ?? refuse(name, text, "an ISO 8601 duration, such as PT1M");
  }

  /** @throws {BrokerError} `com.microsoft:argument-error` */
  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return values.find((value) => value === text) ?? refuse(name, text, `one of ${values.join(", ")}`);
  }
}

/** Without its undefined members, which an option that is left out must not have. */
export function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function refuse(name: string, text: string, wanted: string): never {
  throw new BrokerError(
    "com.microsoft:argument-error",
    `The value '${text.slice(0, 100)}' of ${name} must be ${wanted}.`,
  );
}
