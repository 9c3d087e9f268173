import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/entries.js";
import { promisePages, type PromisePage } from "./promise-pages.js";
import { promisesOf } from "./promises.js";
import { faultOf } from "./proofs.js";

/** The heading above the footnotes. */
const lastHeading = "The tests behind this page";

/** What is wrong with the promises of a page, in sentences: nothing if each names a test that exists. */
function faultsOf(
  markdown: string,
  { promises, others, bare = {}, adapter }: Omit<PromisePage, "page">,
): readonly string[] {
  const { blocks, sections, proofs } = promisesOf(markdown);
  const used = new Set(blocks.flatMap(({ notes }) => notes));
  const isBare = (text: string): boolean => Object.keys(bare).some((begin) => text.startsWith(begin));
  const decided = [...promises, ...Object.keys(others), lastHeading];
  return [
    ...[...used].filter((id) => !proofs.has(id)).map((id) => `the footnote ${id} is not defined`),
    ...[...proofs.keys()].filter((id) => !used.has(id)).map((id) => `the footnote ${id} is not used`),
    ...[...proofs].flatMap(([id, all]) =>
      all.flatMap((proof) => faultOf(proof, adapter) ?? []).map((fault) => `the footnote ${id}: ${fault}`),
    ),
    ...blocks
      .filter(
        ({ section, text, notes }) =>
          promises.includes(section) && notes.length === 0 && !isIntroduction(text) && !isBare(text),
      )
      .map(({ line, text }) => `line ${String(line)} names no test: ${text.slice(0, 80)}`),
    ...sections
      .filter((section) => section !== "" && !decided.includes(section))
      .map((section) => `nobody has said whether "${section}" promises anything`),
    ...[...promises, ...Object.keys(others)]
      .filter((section) => !sections.includes(section))
      .map((section) => `there is no section "${section}"`),
    ...Object.keys(bare)
      .filter((begin) => !blocks.some(({ text, notes }) => text.startsWith(begin) && notes.length === 0))
      .map((begin) => `nothing begins with "${begin}" and names no test`),
  ];
}

const isIntroduction = (text: string): boolean => text.endsWith(":");

describe("the promises of the documentation", () => {
  it.each(promisePages)("of $page name tests that exist", ({ page, ...rules }) => {
    expect(faultsOf(readFileSync(join(root, page), "utf8"), rules)).toEqual([]);
  });
});
