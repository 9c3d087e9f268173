import type { Effort, Scenario } from "./scenario.js";

/** Runs one scenario in this process: its name and effort as arguments, its rows as JSON on standard output. */
const scenarios: Readonly<Record<string, () => Promise<Scenario>>> = {
  broker: async () => (await import("./scenarios/hot-path.js")).broker,
  nodeTs: async () => (await import("./scenarios/hot-path.js")).nodeTs,
  sdk: async () => (await import("./scenarios/hot-path.js")).sdk,
  sdkOne: async () => (await import("./scenarios/hot-path.js")).sdkOne,
  sdkZod: async () => (await import("./scenarios/hot-path.js")).sdkZod,
  dedup: async () => (await import("./scenarios/broker-costs.js")).dedup,
  backlog: async () => (await import("./scenarios/backlog.js")).backlog,
  peerBacklog: async () => (await import("./scenarios/backlog.js")).peerBacklog,
  memory: async () => (await import("./scenarios/broker-costs.js")).memory,
  wheel: async () => (await import("./scenarios/broker-costs.js")).wheel,
  timers: async () => (await import("./scenarios/process.js")).timers,
  fanOut: async () => (await import("./scenarios/broker-costs.js")).fanOut,
  wakeUp: async () => (await import("./scenarios/process.js")).wakeUp,
  coldImport: async () => (await import("./scenarios/process.js")).coldImport,
  slowDown: async () => (await import("./scenarios/process.js")).slowDown,
  simulation: async () => (await import("./scenarios/process.js")).simulation,
  growth: async () => (await import("./scenarios/growth.js")).growth,
};

const [name = "", effort = "{}"] = process.argv.slice(2);
const scenario = await scenarios[name]?.();
if (scenario === undefined) throw new Error(`no scenario "${name}": ${Object.keys(scenarios).join(", ")}`);
const rows = await scenario(JSON.parse(effort) as Effort);
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
