import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { App } from "waybill";
import { memoryCheckpoints, memoryPark } from "waybill/memory";
import { realRuntime } from "waybill/store";
import type { Transport } from "waybill/transport";
import { start } from "../../../src/start.js";
import { sendJob, shopOf, workerOf } from "../../faults/lines.js";
import { eventHubsOver, serviceBusOver } from "../../faults/worlds.js";
import type { Measured, Sample, SoakTask } from "../sample.js";

/** The process that is measured: senders and handlers on Service Bus and on Event Hubs. */

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const runtime = realRuntime();
const pause = (ms: number): Promise<void> => new Promise((resolve) => void runtime.after(ms, resolve));

const kinds = ["plain", "sales"] as const;
type Kind = (typeof kinds)[number];

/** One service of each kind. */
class Stack {
  handled = 0;
  readonly #task: SoakTask;
  readonly #leaked: unknown[] = [];
  readonly #shops = new Map<Kind, App>();
  #apps: App[] = [];
  #sent = 0;

  constructor(task: SoakTask) {
    this.#task = task;
  }

  async open(): Promise<void> {
    for (const kind of kinds) {
      const worker = workerOf(kind, ({ id }) => this.#handle(id), 20, { idempotent: false });
      const shop = await start(shopOf(kind), { transport: this.#transport(kind) }, runtime);
      this.#shops.set(kind, shop);
      this.#apps.push(shop, await start(worker, { transport: this.#transport(kind) }, runtime));
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#apps.splice(0).map((app) => app.stop({ deadline: "5s" })));
    this.#shops.clear();
  }

  /** Sends at a steady rate for a while, and waits until all of it is handled. */
  async round(ms: number): Promise<void> {
    const endMs = runtime.elapsed() + ms;
    const beat = 100;
    while (runtime.elapsed() < endMs) {
      const until = runtime.elapsed() + beat;
      await Promise.all(kinds.map((kind) => this.#send(kind, Math.ceil((this.#task.rate * beat) / 1_000))));
      await pause(Math.max(1, until - runtime.elapsed()));
    }
    while (this.handled < this.#sent) await pause(5);
  }

  async one(): Promise<void> {
    await Promise.all(kinds.map((kind) => this.#send(kind, 1)));
    while (this.handled < this.#sent) await pause(2);
  }

  async #send(kind: Kind, count: number): Promise<void> {
    const shop = this.#shops.get(kind);
    if (shop === undefined) return;
    const ids = Array.from({ length: count }, () => (this.#sent += 1));
    await Promise.all(
      ids.map((n) => sendJob(shop, kind, { n, key: String(n % 16) }, `${kind}-${String(n)}`)),
    );
  }

  #handle(id: string): Promise<void> {
    this.handled += 1;
    if (this.#task.leak) this.#leaked.push(Buffer.alloc(64), `${id} ${"x".repeat(200)}`);
    if (this.#task.leak && this.handled % 5 === 0) this.#leaked.push(runtime.hold());
    return Promise.resolve();
  }

  #transport(kind: Kind): Transport {
    if (kind === "plain") return serviceBusOver(this.#task.serviceBus);
    return eventHubsOver(this.#task.eventHubs, { checkpoints: memoryCheckpoints(), park: memoryPark() });
  }
}

function handles(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    // Whatever is about to run in this turn.
    if (kind === "Immediate" || kind === "TickObject") continue;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

const listenersOf = (): number =>
  process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);

/**
 * What is left after collections, in KB: the least of several readings. What ends a little later (answers, timers, finalizers)
 * is in some of them.
 */
async function leastHeapKb(): Promise<number> {
  let least = Infinity;
  for (let reading = 0; reading < readings; reading += 1) {
    await pause(25);
    collect();
    collect();
    least = Math.min(least, process.memoryUsage().heapUsed / 1_024);
  }
  return least;
}

const readings = 4;

async function sampleOf(stack: Stack, beganMs: number): Promise<Sample> {
  const heapKb = await leastHeapKb();
  return {
    messages: stack.handled,
    minutes: (runtime.elapsed() - beganMs) / 60_000,
    heapKb,
    rssKb: process.memoryUsage().rss / 1_024,
    handles: handles(),
    listeners: listenersOf(),
  };
}

async function soak(task: SoakTask): Promise<Measured> {
  const stack = new Stack(task);
  await stack.open();
  await stack.round(task.roundMs);
  const beganMs = runtime.elapsed();
  const samples: Sample[] = [];
  for (let round = 0; round < task.rounds; round += 1) {
    await stack.round(task.roundMs);
    samples.push(await sampleOf(stack, beganMs));
  }
  await stack.close();
  if (task.cycles === 0) return { samples, cycles: { count: 0, before: {}, after: {} } };
  // The first ones load what is loaded once.
  await lives(task, 2);
  const before = await settled();
  await lives(task, task.cycles);
  return { samples, cycles: { count: task.cycles, before, after: await settled() } };
}

/** The handles when what was closed has said goodbye: the same for half a second, within ten. */
async function settled(): Promise<Record<string, number>> {
  let last = handles();
  let same = 0;
  for (let wait = 0; wait < 100 && same < 5; wait += 1) {
    await pause(100);
    const now = handles();
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}

/** A service is started, does something, and is stopped, so many times. */
async function lives(task: SoakTask, count: number): Promise<void> {
  for (let life = 0; life < count; life += 1) {
    const stack = new Stack(task);
    await stack.open();
    await stack.one();
    await stack.close();
  }
}

/** Between two lives nothing else keeps the process alive. */
runtime.hold();
process.once("message", (task: SoakTask) => {
  soak(task).then(
    (measured) => process.send?.(measured, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
