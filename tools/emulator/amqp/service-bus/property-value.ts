import type { PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { AmqpUuid, type AmqpValue } from "../engine/engine.js";
import { textOfUuid } from "./lock-token.js";

/** A value that a client gave for an application property; undefined if no property can have it. */
export function propertyValue(value: AmqpValue): PropertyValue | undefined {
  if (value === null || value instanceof Date || value instanceof Uint8Array) return value;
  if (value instanceof AmqpUuid) return textOfUuid(value);
  return typeof value === "object" ? undefined : value;
}

/** Those entries of a map that can be application properties. */
export function propertyValues(map: ReadonlyMap<AmqpValue, AmqpValue>): Record<string, PropertyValue> {
  const entries: [string, PropertyValue][] = [];
  for (const [name, each] of map) {
    const value = propertyValue(each);
    if (typeof name === "string" && value !== undefined) entries.push([name, value]);
  }
  return Object.fromEntries(entries);
}
