import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { markdown, type Report } from "./report.js";

const page = join(import.meta.dirname, "..", "docs", "performance.md");
const begin = "<!-- figures: npm run bench -- --markdown -->";
const end = "<!-- end of the figures -->";

/** Writes the figures of a run into docs/performance.md. */
export async function writeFigures(report: Report): Promise<void> {
  const text = withFigures(await readFile(page, "utf8"), markdown(report));
  await writeFile(page, await format(text, { ...(await resolveConfig(page)), filepath: page }));
}

/** The page with other figures. @throws if the page has no place for them. */
export function withFigures(text: string, figures: string): string {
  const [before, rest] = text.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/performance.md lacks ${begin} or ${end}`);
  return `${before}${begin}\n\n${figures}\n\n${end}${after}`;
}
