import type { Effort, Scenario } from "./scenario.js";

/** Runs one scenario in this process: its name and effort as arguments, its rows as JSON on standard output. */
const scenarios: Readonly<Record<string, () => Promise<Scenario>>> = {
  broker: async () => (await import("./scenarios/hot-path.js")).broker,
  nodeTs: async () => (await import("./scenarios/hot-path.js")).nodeTs,
  sdk: async () => (await import("./scenarios/hot-path.js")).sdk,
  backlog: async () => (await import("./scenarios/backlog.js")).backlog,
  peerBacklog: async () => (await import("./scenarios/backlog.js")).peerBacklog,
};

const [name = "", effort = "{}"] = process.argv.slice(2);
const scenario = await scenarios[name]?.();
if (scenario === undefined) throw new Error(`no scenario "${name}": ${Object.keys(scenarios).join(", ")}`);
const rows = await scenario(JSON.parse(effort) as Effort);
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
