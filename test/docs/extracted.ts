import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/entries.js";
import { codeBlocks } from "./code-blocks.js";

/** Writes the blocks of a page as files, in a folder that git, lint and the compiler leave alone; answers where. */
export function extracted(page: string): string {
  const folder = join(root, "test/docs/dist", page.replaceAll(/\W/g, "-"));
  mkdirSync(folder, { recursive: true });
  for (const { name, text } of codeBlocks(readFileSync(join(root, page), "utf8"))) {
    const path = join(folder, name);
    if (!existsSync(path) || readFileSync(path, "utf8") !== text) writeFileSync(path, text);
  }
  return folder;
}
