import { createHook } from "node:async_hooks";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { interleave, spread } from "../measure.js";
import type { Scenario } from "../scenario.js";
import { baseline } from "./baseline.js";
import { order } from "./order.js";

/** P7, timers of the platform while the whole SDK moves messages. */
export const timers: Scenario = async () => {
  const { sdkLoop } = await import("./sdk-loop.js");
  const messages = 20_000;
  let made = 0;
  const hook = createHook({
    init: (_id, type) => {
      if (type === "Timeout") made += 1;
    },
  }).enable();
  const loop = await sdkLoop("pass-through", "many");
  await loop.pass(messages);
  hook.disable();
  await loop.stop();
  return [
    {
      target: "P7",
      what: "timers made for 20,000 messages through the SDK",
      value: spread([made]),
      unit: "timers",
      atMost: 20,
      note: "of broker and consumer, armed anew when an earlier deadline comes",
    },
  ];
};

/** P9: from `send` to the handler of an idle service, at 2,000 messages a second. */
export const wakeUp: Scenario = async ({ quick }) => {
  const { memory } = await import("../../adapters/memory/index.js");
  const { command, queue } = await import("../../src/contracts/index.js");
  const { run, service } = await import("../../src/index.js");
  const { passThrough } = await import("./order.js");
  const messages = quick ? 4_000 : 10_000;
  const orders = queue("orders", {
    messages: { place: command("bench.place-order", { version: 1, schema: passThrough }) },
  });
  const waits: number[] = [];
  let sentMs = 0;
  const declared = service("bench")
    .sends(orders)
    .consume(orders, { place: async () => void waits.push((performance.now() - sentMs) * 1_000) });
  const app = await run(declared, { transport: memory() });
  const startMs = performance.now();
  for (let n = 0; n < messages; n += 1) {
    while (performance.now() < startMs + n / 2 || waits.length < n) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    sentMs = performance.now();
    await app.send(orders.place, order(n));
  }
  await app.stop();
  const sorted = waits.slice(messages / 10).sort((left, right) => left - right);
  const at = (part: number): number => sorted[Math.floor(sorted.length * part)] ?? Number.NaN;
  const note = "wall time: shows how busy the machine is, too";
  return [
    { target: "P9", what: "idle wake-up, p50", value: spread([at(0.5)]), unit: "µs", atMost: 50, note },
    { target: "P9", what: "idle wake-up, p99", value: spread([at(0.99)]), unit: "µs", atMost: 500, note },
  ];
};

/** P14: what it costs a new process to import core and memory adapter, beside a module that is empty. */
export const coldImport: Scenario = async ({ rounds }) => {
  const costs = {
    "cold-import": [] as number[],
    "cold-import-minified": [] as number[],
    empty: [] as number[],
  };
  const names = Object.keys(costs) as (keyof typeof costs)[];
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) costs[name].push(importCost(name));
  }
  return [
    {
      target: "P14",
      what: "cold import of core and memory adapter",
      value: spread(costs["cold-import"]),
      unit: "ms",
      atMost: 15,
      note: "one bundled file; what Node takes for any module is part of it",
    },
    {
      what: "cold import, minified as applications are",
      value: spread(costs["cold-import-minified"]),
      unit: "ms",
    },
    { what: "cold import of an empty module", value: spread(costs.empty), unit: "ms" },
  ];
};

/** CPU milliseconds that a new process takes to import a file that lies beside this one. */
function importCost(name: string): number {
  const program = `
    const before = process.cpuUsage();
    await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, `${name}.mjs`)))});
    const { user, system } = process.cpuUsage(before);
    console.log((user + system) / 1_000);
  `;
  return Number(execFileSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" }));
}

/** P15: whether a process is slower after it has used the SDK. */
export const slowDown: Scenario = async ({ rounds, scale }) => {
  const one = baseline(1_000_000 * scale);
  const before = await interleave([one], rounds);
  const { sdkLoop } = await import("./sdk-loop.js");
  const loop = await sdkLoop("pass-through", "many");
  await loop.pass(20_000);
  await loop.stop();
  const after = await interleave([one], rounds);
  return [
    {
      target: "P15",
      what: "B after / before importing and running the SDK",
      value: spread(after.B.map((cost, at) => cost / before.B[at]!)),
      unit: "×",
      atMost: 1.25,
    },
  ];
};
