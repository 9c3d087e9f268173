import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import { services, type Section, type Service, type Statement } from "../test/fidelity/statements.js";
import { numberedTests, type NumberedTest } from "../test/fidelity/numbered-tests.js";
import { root } from "./entries.js";

/** Where the page lies. */
export const fidelityPage = join(root, "docs", "fidelity.md");

/**
 * The page that accounts for every statement.
 * @throws if a statement has neither a test nor a right to be left out, or a test names a statement that is none.
 */
export async function fidelity(tests = numberedTests()): Promise<string> {
  const accounts = services.map((service) => account(service, tests));
  const known = new Set(accounts.flatMap(({ entries }) => entries.map(({ id }) => id)));
  const complaints = [
    ...accounts.flatMap(({ complaints }) => complaints),
    ...[...tests]
      .filter(([id]) => !known.has(id))
      .map(([id, [test]]) => `${id} of ${String(test?.file)} is no statement`),
  ];
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  return format(page(accounts), { parser: "markdown", printWidth: 110 });
}

type Status = "reproduced" | "configurable" | "left out in part" | "left out";
const statuses: readonly Status[] = ["reproduced", "configurable", "left out in part", "left out"];

interface Entry {
  readonly id: string;
  readonly section: Section;
  readonly statement: Statement;
  readonly status: Status;
  readonly tests: readonly NumberedTest[];
}

interface Account {
  readonly service: Service;
  readonly entries: readonly Entry[];
  readonly complaints: readonly string[];
}

function account(service: Service, tests: ReadonlyMap<string, readonly NumberedTest[]>): Account {
  const complaints: string[] = [];
  const entries = service.sections.flatMap((section) =>
    Object.entries(section.statements).map(([number, given]): Entry => {
      const statement = typeof given === "string" ? { text: given } : given;
      const id = `${service.prefix}-${number}`;
      const found = tests.get(id) ?? [];
      if (found.length === 0 && statement.leftOut === undefined) complaints.push(`${id} has no test`);
      if (statement.leftOut !== undefined && !service.dispensable.includes(Number(number))) {
        complaints.push(`${id} may not be left out`);
      }
      return { id, section, statement, status: statusOf(statement, found), tests: found };
    }),
  );
  for (let number = 1; number <= service.count; number += 1) {
    const id = `${service.prefix}-${String(number)}`;
    const times = entries.filter((entry) => entry.id === id).length;
    if (times !== 1) complaints.push(`${id} is stated ${String(times)} times`);
  }
  if (entries.length > service.count)
    complaints.push(`${service.prefix} has statements above ${String(service.count)}`);
  return { service, entries, complaints };
}

function statusOf({ option, leftOut }: Statement, tests: readonly NumberedTest[]): Status {
  if (leftOut !== undefined) return tests.length > 0 ? "left out in part" : "left out";
  return option === undefined ? "reproduced" : "configurable";
}

function page(accounts: readonly Account[]): string {
  return [
    "# Fidelity",
    "How far the in-memory broker does what the Azure services do, statement by statement, with the tests that show it. " +
      "This page is made from those tests by `npx tsx scripts/fidelity.ts`; a statement without a test fails the build.",
    "- **reproduced**: the broker does it.\n" +
      "- **configurable**: the broker does it, and an option decides how; the default is named.\n" +
      "- **left out**: it does not, for the reason that is named; **in part** where the tests cover the rest.",
    summary(accounts),
    ...accounts.flatMap(servicePart),
  ].join("\n\n");
}

function summary(accounts: readonly Account[]): string {
  const row = (name: string, entries: readonly Entry[]): string =>
    `| ${[name, ...statuses.map((status) => String(entries.filter((entry) => entry.status === status).length))].join(" | ")} |`;
  return [
    `| | ${statuses.join(" | ")} |`,
    `| --- ${"| ---: ".repeat(statuses.length)}|`,
    ...accounts.map(({ service, entries }) => row(service.name, entries)),
    row(
      "all",
      accounts.flatMap(({ entries }) => entries),
    ),
  ].join("\n");
}

function servicePart({ service, entries }: Account): readonly string[] {
  return [
    `## ${service.name}`,
    ...service.sections.flatMap((section) => [
      `### ${section.title}`,
      entries
        .filter((entry) => entry.section === section)
        .map(entryText)
        .join("\n"),
    ]),
  ];
}

function entryText({ id, statement, status, tests }: Entry): string {
  const why = statement.leftOut ?? statement.option;
  const told = `- **${id}** ${statement.text} _${status}_${why === undefined ? "" : `: ${why}`}`;
  return [told, ...tests.map(({ title, file }) => `  - ${escaped(title)} (\`${file}\`)`)].join("\n");
}

const escaped = (title: string): string =>
  title
    .split(/(`[^`]*`)/)
    .map((part) => (part.startsWith("`") ? part : part.replaceAll(/[\\*_<>[\]]/g, String.raw`\$&`)))
    .join("");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  writeFileSync(fidelityPage, await fidelity());
