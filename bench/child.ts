import type { Effort } from "./scenario.js";
import { scenarios } from "./scenarios.js";

/** Runs one scenario in this process: its name and effort as arguments, its rows as JSON on standard output. */
const [name = "", effort = "{}"] = process.argv.slice(2);
const scenario = await scenarios[name]?.();
if (scenario === undefined) throw new Error(`no scenario "${name}"`);
const rows = await scenario(JSON.parse(effort) as Effort);
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
