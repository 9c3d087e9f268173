/** A virtual source file made of the TypeScript blocks of one page, each on the line where the page has it. */
export interface VirtualFile {
  /** `orders.ts` when the blocks begin with the comment `// orders.ts`, else `page.ts`. */
  readonly name: string;
  readonly text: string;
}

/**
 * Reads the TypeScript of a Markdown page.
 *
 * The blocks of a page continue each other, as a reader reads them. A block that begins with `// name.ts` is that file, which
 * the others import as `./name.js`; a block marked ` ```ts alone ` stands by itself. An HTML comment that begins with
 * `<!-- ts` holds code that the page need not show, such as a `declare`.
 * Every other line is blank, so that the compiler's line numbers are those of the page.
 */
export function codeBlocks(markdown: string): readonly VirtualFile[] {
  const lines = markdown.split(/\r?\n/);
  const files = new Map<string, string[]>();
  for (const { first, last, name } of blocks(lines)) {
    const text = files.get(name) ?? lines.map(() => "");
    for (let line = first; line < last; line++)
      text[line] = (lines[line] ?? "").slice(indentOf(lines[first - 1]));
    files.set(name, text);
  }
  return [...files].map(([name, text]) => ({ name, text: text.join("\n") }));
}

interface Block {
  /** Index of the first line of code. */
  readonly first: number;
  /** Index of the line that closes the block. */
  readonly last: number;
  readonly name: string;
}

function* blocks(lines: readonly string[]): Generator<Block> {
  for (let at = 0; at < lines.length; at++) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\w*)(.*)$/.exec(lines[at] ?? "");
    const close = fence === null ? hiddenEnd(lines[at]) : new RegExp(`^\\s*${fence[1] ?? ""}`);
    if (close === undefined) continue;
    const first = at + 1;
    const length = lines.slice(first).findIndex((line) => close.test(line));
    if (length < 0) throw new Error(`the block opened on line ${first} is never closed`);
    at = first + length;
    if (fence === null || /^(ts|mts|typescript)$/.test(fence[2] ?? ""))
      yield { first, last: at, name: nameOf(lines[first], fence?.[3] ?? "", first) };
  }
}

function hiddenEnd(line = ""): RegExp | undefined {
  return /^<!--\s*ts\s*$/.test(line) ? /^-->/ : undefined;
}

function nameOf(firstLine = "", info: string, line: number): string {
  if (info.trim() === "alone") return `line-${line}.ts`;
  return /^\s*\/\/ (?:[\w./-]*\/)?([\w.-]+\.ts)\b/.exec(firstLine)?.[1] ?? "page.ts";
}

function indentOf(fence = ""): number {
  return fence.length - fence.trimStart().length;
}
