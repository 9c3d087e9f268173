import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { PropertyValue } from "../../../../adapters/memory/broker/message.js";
import { child, childText, type XmlContent, type XmlElement } from "./xml.js";

type Properties = Readonly<Record<string, PropertyValue>>;

/** Reads `KeyValueOfstringanyType` pairs. @throws {BrokerError} `com.microsoft:argument-error` for an unknown type */
export function readProperties(element: XmlElement | undefined): Properties | undefined {
  if (element === undefined) return undefined;
  const pairs = element.children.map((pair) => [childText(pair, "Key") ?? "", readValue(pair)] as const);
  return pairs.length === 0 ? undefined : Object.fromEntries(pairs);
}

/** Nothing for no properties: clients refuse an empty list. */
export function writeProperties(properties: Properties | undefined): XmlContent | undefined {
  const pairs = Object.entries(properties ?? {});
  if (pairs.length === 0) return undefined;
  return {
    KeyValueOfstringanyType: pairs.map(([key, value]) => {
      const [type, text] = written(value);
      // The JavaScript client cuts the first five characters off the type: the prefix must have four.
      return {
        Key: key,
        Value: { $: { "i:type": `d6p1:${type}`, "xmlns:d6p1": "http://www.w3.org/2001/XMLSchema" }, _: text },
      };
    }),
  };
}

function readValue(pair: XmlElement): PropertyValue {
  const value = child(pair, "Value");
  const text = value?.text ?? "";
  const type = (value?.attributes["type"] ?? "string").replace(/^.*:/, "");
  switch (type) {
    case "string":
    case "char":
    case "guid":
    case "anyURI":
    case "duration":
      return text;
    case "boolean":
      return text.trim() === "true" || text.trim() === "1";
    case "dateTime":
      return validDate(text);
    case "long":
    case "unsignedLong":
      return whole(text);
    case "base64Binary":
      return Buffer.from(text, "base64");
    default:
      if (numberTypes.has(type)) return finite(text, type);
      throw refused(`The type '${type.slice(0, 50)}' of a property is not known.`);
  }
}

const numberTypes: ReadonlySet<string> = new Set([
  "int",
  "unsignedInt",
  "short",
  "unsignedShort",
  "byte",
  "unsignedByte",
  "double",
  "float",
  "decimal",
]);

function finite(text: string, type: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw refused(`A property of type ${type} must be a number.`);
  return value;
}

function whole(text: string): number | bigint {
  const trimmed = text.trim();
  if (!/^-?\d{1,20}$/.test(trimmed)) throw refused("A property of type long must be a whole number.");
  const value = Number(trimmed);
  return Number.isSafeInteger(value) ? value : BigInt(trimmed);
}

function validDate(text: string): Date {
  const date = new Date(text.trim());
  if (Number.isNaN(date.getTime())) throw refused("A property of type dateTime must be an ISO 8601 time.");
  return date;
}

function written(value: PropertyValue): readonly [type: string, text: string] {
  switch (typeof value) {
    case "string":
      return ["string", value];
    case "boolean":
      return ["boolean", String(value)];
    case "bigint":
      return ["long", String(value)];
    case "number":
      return [Number.isInteger(value) && Math.abs(value) <= maxInt ? "int" : "double", String(value)];
    default:
      if (value instanceof Date) return ["dateTime", value.toISOString()];
      return value === null ? ["string", ""] : ["base64Binary", Buffer.from(value).toString("base64")];
  }
}

const maxInt = 0x7fff_ffff;

const refused = (text: string): BrokerError => new BrokerError("com.microsoft:argument-error", text);
