import type { PromisePage } from "./promise-pages.js";
import { promisesOf, type Block } from "./promises.js";
import { faultOf } from "./proofs.js";

/** The heading above the footnotes. */
const lastHeading = "The tests behind this page";

/** What is wrong with the promises of a page, in sentences: nothing if each names tests that exist. */
export function faultsOf(markdown: string, rules: Omit<PromisePage, "page">): readonly string[] {
  const { blocks, sections, proofs } = promisesOf(markdown);
  const used = new Set(blocks.flatMap(({ notes }) => notes));
  return [
    ...[...used].filter((id) => !proofs.has(id)).map((id) => `the footnote ${id} is not defined`),
    ...[...proofs.keys()].filter((id) => !used.has(id)).map((id) => `the footnote ${id} is not used`),
    ...[...proofs].flatMap(([id, all]) =>
      all
        .flatMap((proof) => faultOf(proof, rules.adapter) ?? [])
        .map((fault) => `the footnote ${id}: ${fault}`),
    ),
    ...bareBlocks(blocks, rules),
    ...undecided(sections, blocks, rules),
  ];
}

/** Blocks without a footnote, but for an introduction of one line and what the rules name. */
function bareBlocks(
  blocks: readonly Block[],
  { promises, bare = {} }: Omit<PromisePage, "page">,
): readonly string[] {
  const mayBeBare = ({ text, lines }: Block): boolean =>
    (lines === 1 && text.endsWith(":")) || Object.keys(bare).some((begin) => text.startsWith(begin));
  return blocks
    .filter((block) => promises.includes(block.section) && block.notes.length === 0 && !mayBeBare(block))
    .map(({ line, text }) => `line ${String(line)} names no test: ${text.slice(0, 80)}`);
}

/** Sections without a rule, and rules without what they are about. */
function undecided(
  sections: readonly string[],
  blocks: readonly Block[],
  { promises, others, bare = {} }: Omit<PromisePage, "page">,
): readonly string[] {
  const decided = [...promises, ...Object.keys(others)];
  const known = [...decided, lastHeading, ""];
  const isBare = (begin: string): boolean =>
    blocks.some(({ text, notes }) => text.startsWith(begin) && notes.length === 0);
  return [
    ...sections
      .filter((section) => !known.includes(section))
      .map((section) => `nobody has said whether "${section}" promises anything`),
    ...decided
      .filter((section) => !sections.includes(section))
      .map((section) => `there is no section "${section}"`),
    ...Object.keys(bare)
      .filter((begin) => !isBare(begin))
      .map((begin) => `nothing begins with "${begin}" and names no test`),
  ];
}
