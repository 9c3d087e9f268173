import type { Scenario } from "./scenario.js";

/** Every scenario by its name, in the order in which they are measured; loaded when it runs, in a process of its own. */
export const scenarios: Readonly<Record<string, () => Promise<Scenario>>> = {
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
  simulation: async () => (await import("./scenarios/simulation.js")).simulation,
  growth: async () => (await import("./scenarios/growth.js")).growth,
  emulatorSend: async () => (await import("./scenarios/emulator-send.js")).emulatorSend,
  emulatorReceive: async () => (await import("./scenarios/emulator-receive.js")).emulatorReceive,
  emulatorStart: async () => (await import("./scenarios/emulator-start.js")).emulatorStart,
  adapterOverhead: async () => (await import("./scenarios/adapter-overhead.js")).adapterOverhead,
  emulatorMemory: async () => (await import("./scenarios/emulator-memory.js")).emulatorMemory,
};

/** Names to run, as `--only` gives them: separated by commas. @throws if there is none of that name. */
export function chosen(only: string | undefined): readonly string[] {
  const names = only?.split(",") ?? Object.keys(scenarios);
  const unknown = names.find((name) => !Object.hasOwn(scenarios, name));
  if (unknown === undefined) return names;
  throw new Error(`no scenario "${unknown}": give some of ${Object.keys(scenarios).join(", ")}`);
}
