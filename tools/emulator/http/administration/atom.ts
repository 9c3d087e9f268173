import { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import { child, readXml, writeXml, type XmlContent, type XmlElement } from "./xml.js";

/** Where answers say that they are, and what the namespace is called. */
export interface AtomPlace {
  /** Of the request, such as `http://localhost:5300`. */
  readonly origin: string;
  readonly apiVersion: string;
  readonly namespace: string;
}

/** An entity as an Atom entry. */
export interface AtomEntry {
  /** Path below the namespace, not encoded; clients read names out of it. */
  readonly path: string;
  readonly title: string;
  readonly updated: string;
  /** The element's name, such as `QueueDescription`. */
  readonly element: string;
  readonly description: XmlContent;
}

const atom = "http://www.w3.org/2005/Atom";
const connect = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
const instance = "http://www.w3.org/2001/XMLSchema-instance";

export const entryXml = (place: AtomPlace, entry: AtomEntry): string =>
  writeXml({ entry: { $: { xmlns: atom }, ...entryContent(place, entry) } });

/** A page of a list. @param next Path and query of the next page; absent on the last. */
export function feedXml(
  place: AtomPlace,
  feed: { readonly title: string; readonly self: string; readonly next?: string },
  entries: readonly AtomEntry[],
): string {
  const links = [link("self", feed.self), ...(feed.next === undefined ? [] : [link("next", feed.next)])];
  return writeXml({
    feed: {
      $: { xmlns: atom },
      title: { $: { type: "text" }, _: feed.title },
      id: feed.self,
      updated: new Date().toISOString(),
      link: links,
      ...(entries.length === 0 ? {} : { entry: entries.map((entry) => entryContent(place, entry)) }),
    },
  });
}

/** What Azure answers to a look at a queue or topic that is not there: a list of nothing. */
export const emptyFeedXml = (): string =>
  writeXml({
    feed: {
      $: { xmlns: atom },
      title: { $: { type: "text" }, _: "Publicly Listed Services" },
      subtitle: {
        $: { type: "text" },
        _: "This is the list of publicly-listed services currently available.",
      },
      updated: new Date().toISOString(),
      generator: "Service Bus 1.1",
    },
  });

/**
 * The description inside an entry, whatever its kind.
 * @throws {XmlError}
 * @throws {BrokerError} `com.microsoft:argument-error` if the document is no entry with a description
 */
export function readEntry(text: string): XmlElement {
  const root = readXml(text);
  const description = child(root, "content")?.children[0];
  if (root.name === "entry" && description !== undefined) return description;
  throw new BrokerError(
    "com.microsoft:argument-error",
    "The body must be an Atom entry whose content is a description.",
  );
}

const link = (rel: string, href: string): XmlContent => ({ $: { rel, href } });

function entryContent(place: AtomPlace, entry: AtomEntry): XmlContent {
  const path = entry.path.split("/").map(encodeURIComponent).join("/").replaceAll("%24", "$");
  const url = `${place.origin}/${path}?api-version=${encodeURIComponent(place.apiVersion)}`;
  return {
    id: url,
    title: { $: { type: "text" }, _: entry.title },
    published: entry.updated,
    updated: entry.updated,
    author: { name: place.namespace },
    link: link("self", url),
    content: {
      $: { type: "application/xml" },
      [entry.element]: { $: { xmlns: connect, "xmlns:i": instance }, ...entry.description },
    },
  };
}
