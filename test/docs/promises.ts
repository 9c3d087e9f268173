/** A sentence, a bullet or a row of a page that may promise something. */
export interface Block {
  /** The heading that it stands under; empty under the page's own. */
  readonly section: string;
  readonly line: number;
  /** How many lines it has. */
  readonly lines: number;
  readonly text: string;
  /** The ids of its footnotes. */
  readonly notes: readonly string[];
}

/** What holds a promise: a test of a file, or something that a command checks. */
export interface Proof {
  /** `test/service/left.test.ts`, `npm run sim`. */
  readonly source: string;
  /** The test's name; of a command the number of a behaviour, an invariant, a fault, a point. */
  readonly name: string;
}

/** The footnotes of a page. */
export interface PromisesOfPage {
  readonly blocks: readonly Block[];
  readonly sections: readonly string[];
  readonly proofs: ReadonlyMap<string, readonly Proof[]>;
}

/**
 * Reads the promises of a Markdown page and the tests that its footnotes name for them:
 *
 *     It never loses a message. [^loss]
 *
 *     [^loss]: `test/some.test.ts`: "keeps everything", "and more"; `npm run conformance`: behaviours 57, 58
 *
 * Code, comments, headings and the heads of tables are no blocks.
 *
 * @throws if a footnote is defined twice, or names its tests in another way.
 */
export function promisesOf(markdown: string): PromisesOfPage {
  const blocks: Block[] = [];
  const sections: string[] = [];
  const proofs = new Map<string, readonly Proof[]>();
  for (const { line, lines, text, kind } of partsOf(markdown)) {
    if (kind === "heading") sections.push(text.startsWith("# ") ? "" : text.replace(/^#+ /, ""));
    else if (kind === "note") {
      const [, id = "", rest = ""] = /^\[\^([\w-]+)\]: (.*)$/.exec(text) ?? [];
      if (proofs.has(id)) throw new Error(`the footnote ${id} is defined twice`);
      proofs.set(id, proofsOf(rest, id));
    } else {
      const notes = [...text.matchAll(/\[\^([\w-]+)\]/g)].map(([, id = ""]) => id);
      blocks.push({ section: sections.at(-1) ?? "", line, lines, text, notes });
    }
  }
  return { blocks, sections, proofs };
}

interface Part {
  readonly kind: "heading" | "note" | "block";
  /** From 1. */
  readonly line: number;
  lines: number;
  /** Its lines, joined with blanks. */
  text: string;
}

function* partsOf(markdown: string): Generator<Part> {
  let open: Part | undefined;
  const lines = hidden(markdown).split(/\r?\n/);
  for (const [index, each] of lines.entries()) {
    const text = each.trim();
    const kind = /^#+ /.test(text) ? "heading" : /^\[\^[\w-]+\]: /.test(text) ? "note" : "block";
    const begins = text === "" || kind !== "block" || /^(?:[-*] |\||\d+\. )/.test(text);
    if (!begins && open !== undefined && open.kind !== "heading") {
      open.text += ` ${text}`;
      open.lines += 1;
      continue;
    }
    if (open !== undefined) yield open;
    const isHead = text.startsWith("|") && /^\|[-| :]+\|$/.test((lines[index + 1] ?? "").trim());
    const isRule = /^\|[-| :]+\|$/.test(text);
    open = text === "" || isHead || isRule ? undefined : { kind, line: index + 1, lines: 1, text };
  }
  if (open !== undefined) yield open;
}

/** Blanks out code and comments, line by line. */
function hidden(markdown: string): string {
  const blank = (found: string): string => found.replaceAll(/[^\n]/g, "");
  return markdown.replaceAll(/^( *)(`{3,}|~{3,}).*?^ *\2/gms, blank).replaceAll(/<!--.*?-->/gs, blank);
}

function proofsOf(text: string, id: string): readonly Proof[] {
  const proofs: Proof[] = [];
  for (const part of text.split(/; (?=`[^`]+`: )/)) {
    const [, source = "", names = ""] = /^`([^`]+)`: (.+)$/.exec(part) ?? [];
    const found = names.startsWith('"') ? quoted(names) : numbered(names);
    if (found.length === 0)
      throw new Error(
        `the footnote ${id} says ${part}: it must be a file or a command in backticks, a colon, names`,
      );
    for (const name of found) proofs.push({ source, name });
  }
  return proofs;
}

/** `"one", "another"`; `\_` where Markdown would take it for emphasis. */
function quoted(names: string): readonly string[] {
  return /^".+"$/.test(names)
    ? names
        .slice(1, -1)
        .replaceAll(/\\([_*])/g, "$1")
        .split('", "')
    : [];
}

/** `behaviour 57`, `behaviours 57, 58`, `I1, I2` */
function numbered(names: string): readonly string[] {
  const found = names.replace(/^behaviours? /, "").split(", ");
  return found.every((name) => /^I?\d+$/.test(name)) ? found : [];
}
