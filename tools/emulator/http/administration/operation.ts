import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { EmulatorClock } from "../../clock.js";
import type { Namespace } from "../../namespace.js";
import { entryXml, feedXml, readEntry, type AtomEntry, type AtomPlace } from "./atom.js";
import { Fields } from "./fields.js";
import type { XmlElement } from "./xml.js";

/** One administration request, as far as it is understood. */
export interface Operation {
  readonly namespace: Namespace;
  readonly clock: EmulatorClock;
  readonly place: AtomPlace;
  readonly method: string;
  /** `If-Match` is there: change what exists instead of creating it. */
  readonly isUpdate: boolean;
  readonly body: string;
  /** Of lists: how many to leave out, and the most to give. */
  readonly page: { readonly skip: number; readonly top: number };
  /** Path of the request, for the links of lists. */
  readonly path: string;
}

export interface Answer {
  readonly status: number;
  /** Empty for no body. */
  readonly xml: string;
}

export const noContent: Answer = { status: 200, xml: "" };

export const entryAnswer = (operation: Operation, entry: AtomEntry, status = 200): Answer => ({
  status,
  xml: entryXml(operation.place, entry),
});

/** One page of everything, with a link to the next if there is more. */
export function feedAnswer<T>(
  operation: Operation,
  title: string,
  all: readonly T[],
  entryOf: (one: T) => AtomEntry,
): Answer {
  const { page, path, place } = operation;
  const { skip, top } = page;
  const link = (from: number): string =>
    `${place.origin}${path}?api-version=${place.apiVersion}&$skip=${String(from)}&$top=${String(top)}`;
  const next = skip + top < all.length ? { next: link(skip + top) } : {};
  const entries = all.slice(skip, skip + top).map(entryOf);
  return { status: 200, xml: feedXml(place, { title, self: link(skip), ...next }, entries) };
}

/**
 * The description that a request brings.
 * @throws {BrokerError} `com.microsoft:argument-error` if it is none of these elements
 */
export function describedAs<K extends string>(
  operation: Operation,
  ...elements: readonly K[]
): { readonly element: K; readonly fields: Fields; readonly description: XmlElement } {
  const description = readEntry(operation.body);
  const element = elements.find((name) => name === description.name);
  if (element !== undefined) return { element, fields: new Fields(description), description };
  throw new BrokerError("com.microsoft:argument-error", `The content must be a ${elements.join(" or ")}.`);
}

/** Names as lists show them. */
export const sorted = (names: readonly string[]): readonly string[] =>
  [...names].sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));

/** @throws {BrokerError} `com.microsoft:argument-error`, with Azure's text, for a character that Azure refuses */
export function checkName(name: string, url: string): void {
  const fine = name.split("/").every((segment) => /^[\p{L}\p{N}._~-]+$/u.test(segment));
  if (fine) return;
  throw new BrokerError(
    "com.microsoft:argument-error",
    `'${url}' contains character(s) that is not allowed by Service Bus. Entity segments can contain only letters, ` +
      "numbers, periods (.), hyphens (-), and underscores (_).",
  );
}

/** What a method that means nothing here is answered with. */
export function refuseMethod(method: string): never {
  throw new BrokerError("com.microsoft:argument-error", `The method ${method} is not supported here.`);
}
