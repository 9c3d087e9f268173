/** A document that is not well-formed, or uses what nobody needs here and bombs are made of. */
export class XmlError extends Error {
  override readonly name = "XmlError";
}

/**
 * Looks at nothing but tags: that each is closed in its turn, that there is one root, no document type, and no more
 * levels and elements than `max`. The parser forgives all of this. Takes time linear in the text.
 *
 * @throws {XmlError}
 */
export function checkTags(text: string, max: { readonly depth: number; readonly elements: number }): void {
  const open: string[] = [];
  let roots = 0;
  let elements = 0;
  for (const [all, slash, name, rest] of text.matchAll(markup)) {
    if (all === "<") throw new XmlError("The document is not well-formed: '<' begins nothing that ends.");
    if (name === undefined) continue;
    if (slash === "/") {
      if (open.pop() !== name) throw new XmlError(`The document is not well-formed: </${clip(name)}>.`);
      continue;
    }
    if (open.length === 0) roots += 1;
    elements += 1;
    if (elements > max.elements) throw new XmlError(`The document has more than ${max.elements} elements.`);
    if (open.length >= max.depth) throw new XmlError(`Elements are nested deeper than ${max.depth} levels.`);
    if (rest?.endsWith("/") !== true) open.push(name);
  }
  const unclosed = open.pop();
  if (unclosed !== undefined) {
    throw new XmlError(`The document is not well-formed: <${clip(unclosed)}> is not closed.`);
  }
  if (roots !== 1) throw new XmlError("The document must have one root element.");
}

/** Comments, character data and declarations whole; tags in their parts; and any other `<`, which ends the search. */
const markup =
  /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|<(\/?)([\p{L}_][^\s<>/"'=]*)((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>|</gu;

const clip = (name: string): string => name.slice(0, 50);
