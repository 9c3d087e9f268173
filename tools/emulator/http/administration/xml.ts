import { XMLParser } from "fast-xml-parser";
import { checkTags, XmlError } from "./xml-tags.js";

/** An element of a document that came from outside. Prefixes are cut off: one vocabulary, and no name is in two. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** All text directly inside. */
  readonly text: string;
}

/** What {@link writeXml} takes: members in order; `$` holds attributes, `_` text; a list repeats its element. */
export interface XmlContent {
  readonly [name: string]: XmlValue | undefined;
}
export type XmlValue = string | XmlContent | readonly XmlContent[];

/**
 * Reads one document. Without document types there are no entities to expand, so its size bounds the result's.
 * @throws {XmlError}
 */
export function readXml(text: string): XmlElement {
  checkTags(text, { depth: maxDepth, elements: maxElements });
  const [root] = elementsOf(parse(text));
  if (root === undefined) throw new XmlError("The document has no element.");
  return root;
}

/** The child of that name. */
export const child = (element: XmlElement, name: string): XmlElement | undefined =>
  element.children.find((each) => each.name === name);

/** The text of the child of that name, without white space around it. */
export const childText = (element: XmlElement, name: string): string | undefined =>
  child(element, name)?.text.trim();

/** Writes a document without white space between elements, which the clients would take for text. */
export function writeXml(content: XmlContent): string {
  return Object.entries(content)
    .map(([name, value]) => (value === undefined ? "" : elementXml(name, value)))
    .join("");
}

const maxDepth = 32;
/** Reading so many takes some tens of milliseconds, during which nobody else is served. */
const maxElements = 2_000;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  removeNSPrefix: true,
  // Entities are decoded below: the five of XML itself and numbers, nothing else.
  processEntities: false,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: maxDepth,
});

function parse(text: string): unknown {
  try {
    return parser.parse(text) as unknown;
  } catch (error) {
    throw new XmlError(error instanceof Error ? error.message : String(error));
  }
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function elementsOf(nodes: unknown): readonly XmlElement[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.filter(isRecord).flatMap((node) => {
    const name = Object.keys(node).find((key) => key !== attributesKey && key !== textKey);
    if (name === undefined) return [];
    const inner = node[name];
    return [
      {
        name,
        attributes: attributesOf(node[attributesKey]),
        children: elementsOf(inner),
        text: textOf(inner),
      },
    ];
  });
}

const attributesKey = ":@";
const textKey = "#text";

function attributesOf(group: unknown): Readonly<Record<string, string>> {
  if (!isRecord(group)) return {};
  return Object.fromEntries(Object.entries(group).map(([name, value]) => [name, decoded(String(value))]));
}

function textOf(nodes: unknown): string {
  if (!Array.isArray(nodes)) return "";
  return nodes
    .filter(isRecord)
    .map((node) => (typeof node[textKey] === "string" ? decoded(node[textKey]) : ""))
    .join("");
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function decoded(text: string): string {
  return text.replace(/&(#\d{1,7}|#x[0-9a-f]{1,6}|lt|gt|amp|quot|apos);/gi, (all, name: string) => {
    if (!name.startsWith("#")) return entities[name.toLowerCase()] ?? all;
    const isHex = /^#x/i.test(name);
    const code = parseInt(name.slice(isHex ? 2 : 1), isHex ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

function elementXml(name: string, value: XmlValue): string {
  if (typeof value === "string") return wrapped(name, "", escaped(value));
  if (isList(value)) return value.map((one) => elementXml(name, one)).join("");
  const { $: attributes, _: text, ...members } = value;
  const pairs = Object.entries(attributes ?? {}).map(
    ([key, each]) => ` ${key}="${escaped(textValue(each))}"`,
  );
  return wrapped(name, pairs.join(""), escaped(textValue(text)) + writeXml(members));
}

const textValue = (value: unknown): string => (typeof value === "string" ? value : "");

const isList = (value: XmlContent | readonly XmlContent[]): value is readonly XmlContent[] =>
  Array.isArray(value);

const wrapped = (name: string, attributes: string, inner: string): string =>
  inner === "" ? `<${name}${attributes}/>` : `<${name}${attributes}>${inner}</${name}>`;

const written: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\r": "&#xD;",
};

/** Characters that XML cannot carry at all are left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[&<>"'\r]/g, (char) => written[char] ?? char);
}
