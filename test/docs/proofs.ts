import { existsSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/entries.js";
import { behaviours } from "../../src/testing/conformance/behaviours.js";
import { storeBehaviours } from "../../src/testing/conformance/p-stores.js";
import { tokensOf } from "../../src/testing/conformance/tokens.js";
import { requiredTokens } from "../../src/testing/required.js";
import { checkedInvariants } from "../../src/testing/simulation/checkers/all.js";
import { faultKinds } from "../../src/testing/simulation/faults.js";
import { points } from "../crash/points.js";
import { shown, testsOf, type TestsOfFile } from "../fidelity/test-titles.js";
import type { Proof } from "./promises.js";

/**
 * What is wrong with a proof; `undefined` if what it names exists.
 * @param adapter the one that has to show the behaviours that are named. Default: any.
 */
export function faultOf({ source, name }: Proof, adapter?: string): string | undefined {
  const command = commands.get(source);
  if (source === "npm run conformance" && adapter !== undefined && !shows(adapter, name))
    return `${adapter} is not asked for behaviour ${name}`;
  if (command !== undefined) return command().has(name) ? undefined : `\`${source}\` knows no ${name}`;
  if (!source.endsWith(".test.ts") || !existsSync(join(root, source))) return `there is no ${source}`;
  const count = timesNamed(testsIn(source), name);
  return count === 1 ? undefined : `${source} has ${String(count)} tests named "${name}"`;
}

const commands = new Map<string, () => ReadonlySet<string>>([
  [
    "npm run conformance",
    () => new Set([...behaviours, ...storeBehaviours].map(({ number }) => String(number))),
  ],
  ["npm run sim", () => new Set([...checkedInvariants, ...Object.keys(faultKinds)])],
  ["npm run crash", () => new Set(points.map(({ name }) => name))],
]);

/** Whether an adapter must show a behaviour: on one of its kinds of channel it must declare all that it takes. */
function shows(adapter: string, number: string): boolean {
  const declared = new Set(requiredTokens[adapter]);
  const behaviour = behaviours.find((each) => String(each.number) === number);
  return (
    behaviour?.kinds.some((kind) => tokensOf(behaviour, kind).every((token) => declared.has(token))) ?? false
  );
}

const read = new Map<string, TestsOfFile>();

function testsIn(file: string): TestsOfFile {
  const tests = read.get(file) ?? testsOf(file);
  read.set(file, tests);
  return tests;
}

/**
 * A test is named by its title. One of a table by the title with an ellipsis for what the table fills in, or by one row,
 * if it fills in what stands in the file. Where two tests of a file have one title, the group's stands before it.
 */
function timesNamed({ titles, literals }: TestsOfFile, name: string): number {
  const tests = titles.flatMap(({ kind, title, within, table }) =>
    kind === "group" || title === undefined ? [] : [{ title, table, rest: behindGroup(name, within.at(-1)) }],
  );
  const exact = tests.filter(({ title, rest }) => rest === shown(title));
  if (exact.length > 0) return exact.length;
  return tests.filter(({ title, table, rest }) => table !== undefined && isRow(title, rest, literals)).length;
}

function behindGroup(name: string, group = ""): string {
  const begin = `${shown(group)} > `;
  return name.startsWith(begin) ? name.slice(begin.length) : name;
}

function isRow(title: string, name: string, literals: ReadonlySet<string>): boolean {
  const parts = shown(title)
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  const filled = new RegExp(`^${parts.join("(.+?)")}$`, "s").exec(name);
  return filled !== null && filled.slice(1).every((text) => literals.has(text));
}
