import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../../scripts/entries.js";
import { faultsOf } from "./promise-faults.js";
import { otherPages, promisePages } from "./promise-pages.js";

const docPages = (): readonly string[] =>
  readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file.replaceAll("\\", "/")}`)
    .sort();

const pageText = (page: string): string => readFileSync(join(root, page), "utf8");

describe("the promises of the documentation", () => {
  it.each(promisePages)("of $page name tests that exist", ({ page, ...rules }) => {
    expect(faultsOf(pageText(page), rules)).toEqual([]);
  });

  it("are looked for on every page but those that say why not", () => {
    const pages = docPages().filter((page) => !page.startsWith("docs/decisions/"));
    expect(pages).toEqual([...promisePages.map(({ page }) => page), ...Object.keys(otherPages)].sort());
  });

  it("are on pages that name no file of tests that is not there", () => {
    const files = [...docPages(), "README.md", "CONTRIBUTING.md"].flatMap((page) =>
      [...pageText(page).matchAll(/`((?:test|examples)\/[\w./-]+\.ts)`/g)].map(([, file = ""]) => file),
    );
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

describe("the check of promises", () => {
  const held =
    '[^held]: `test/docs/promises.test.ts`: "finds what is planted: …", "of … name tests that exist"';
  const page = (body: string, notes = held): string =>
    `# Page\n\n## Promises\n\n${body}\n\n## The tests behind this page\n\n${notes}\n`;
  const rules = { promises: ["Promises"], others: {} };
  const good = "It keeps this.[^held]";

  it.each([
    [
      "a paragraph, a bullet over two lines, a row",
      `${good}\n\n- and\n  that[^held]\n\n| a | b |\n| - | - |\n| c | d[^held] |`,
    ],
    ["an introduction, and code", `${good}\n\nIt says:\n\n\`\`\`ts\n- no bullet\n\`\`\``],
  ])("finds nothing in %s", (_, body) => {
    expect(faultsOf(page(body), rules)).toEqual([]);
  });

  it("takes behaviours, invariants, points and rows of tables for names", () => {
    const notes = [
      "`npm run conformance`: behaviours 1, 148; `npm run sim`: I1, I21",
      '`npm run crash`: "after settle"; `test/docs/promises.test.ts`: "finds what is planted: a wrong name"',
    ];
    expect(faultsOf(page(good, `[^held]: ${notes.join("; ")}`), rules)).toEqual([]);
  });

  it.each([
    [
      "a wrong name",
      page(good, '[^held]: `test/docs/promises.test.ts`: "no such test"'),
      /0 tests named "no such test"/,
    ],
    ["a wrong file", page(good, '[^held]: `test/docs/gone.test.ts`: "x"'), /there is no test\/docs\/gone/],
    ["a wrong behaviour", page(good, "[^held]: `npm run conformance`: behaviour 9999"), /knows no 9999/],
    ["a wrong invariant", page(good, "[^held]: `npm run sim`: I99"), /knows no I99/],
    ["a wrong point", page(good, '[^held]: `npm run crash`: "nowhere"'), /knows no nowhere/],
    ["a bare bullet", page(`${good}\n\n- and that`), /line 7 names no test: - and that/],
    ["a bare row", page(`${good}\n\n| a | b |\n| - | - |\n| c | d |`), /line 9 names no test: \| c/],
    ["a bare paragraph", page(`${good}\n\nAnd that.`), /line 7 names no test: And that\./],
    [
      "an introduction that says more",
      page(`${good}\n\nAnd that.\nLook:`),
      /line 7 names no test: And that\./,
    ],
    ["a footnote that is not defined", page(`${good}[^lost]`), /lost is not defined/],
    [
      "a footnote that is not used",
      page(good, `${held}\n\n[^more]: \`npm run sim\`: I1`),
      /more is not used/,
    ],
    ["a section of which nothing is said", page(`${good}\n\n## News\n\nMore.`), /"News" promises anything/],
  ])("finds what is planted: %s", (_, markdown, fault) => {
    expect(faultsOf(markdown, rules)).toEqual([expect.stringMatching(fault)]);
  });

  it("finds a behaviour that the adapter of the page is not asked for", () => {
    const markdown = page(good, "[^held]: `npm run conformance`: behaviour 77");
    expect(faultsOf(markdown, { ...rules, adapter: "service-bus" })).toEqual([]);
    expect(faultsOf(markdown, { ...rules, adapter: "storage-queue" })).toHaveLength(1);
  });

  it("finds rules for what is not there any more", () => {
    const stale = { promises: ["Promises", "Gone"], others: {}, bare: { "It was": "for some reason" } };
    expect(faultsOf(page(good), stale)).toEqual([
      'there is no section "Gone"',
      'nothing begins with "It was" and names no test',
    ]);
  });

  it("says what a footnote has to look like", () => {
    expect(() => faultsOf(page(good, "[^held]: see the tests"), rules)).toThrow(/a colon, names/);
  });
});
