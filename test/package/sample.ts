import { root } from "../../scripts/entries.js";
import type { Checks } from "./checks.js";
import { attempt, run } from "./shell.js";

const sabotages = ["lose-one", "charge-twice", "skip-checkpoint"] as const;

/** The main job as the README starts it, its report for machines, and three ways to be caught. */
export async function checkSample({ check }: Checks): Promise<void> {
  await check("npm start ends well", () => {
    run("npm", ["start"], root);
  });

  await check("npm start -- --json prints one line, whose totals agree", () => {
    const lines = run("npm", ["start", "--", "--json"], root).trim().split("\n");
    if (lines.length !== 1) throw new Error(`expected one line, found ${lines.length}`);
    return agreed(JSON.parse(lines[0] ?? "") as Report);
  });

  for (const name of sabotages) {
    await check(`npm start -- --sabotage ${name} is caught`, () => {
      const { exitCode, stderr, stdout } = attempt("npm", ["start", "--", "--sabotage", name], root);
      if (exitCode === 0) throw new Error("it ended with exit code 0");
      if (stderr.trim() === "") throw new Error("it said nothing on standard error");
      if (`${stdout}${stderr}`.includes("    at ")) throw new Error(`it printed a stack trace:\n${stderr}`);
    });
  }
}

/** The part of the report that must agree with itself whatever the file. */
interface Report {
  readonly orders: number;
  readonly lines: number;
  readonly revenuePence: { readonly total: number; readonly byCountry: Readonly<Record<string, number>> };
  readonly corrected: { readonly orders: number; readonly pence: number };
  readonly chargedPence: number;
  readonly duplicateCharges: number;
}

function agreed({ orders, lines, revenuePence, corrected, chargedPence, duplicateCharges }: Report): string {
  const byCountry = Object.values(revenuePence.byCountry).reduce((sum, pence) => sum + pence, 0);
  if (byCountry !== revenuePence.total)
    throw new Error(`countries sum to ${byCountry}, not ${revenuePence.total}`);
  if (chargedPence !== revenuePence.total + corrected.pence) throw new Error(`charged ${chargedPence}`);
  if (duplicateCharges !== 0) throw new Error(`${duplicateCharges} duplicate charges`);
  return `${orders} orders, ${lines} lines, ${revenuePence.total} pence`;
}
