import { cpuTime, spread, workers } from "../measure.js";
import type { Row, Scenario } from "../scenario.js";
import { brokerQueue, concurrency, drain } from "./broker-loop.js";
import { orderBytes } from "./order.js";
import { peers } from "./peers.js";

/** P5: what it costs to drain one message from a backlog, by the size of the backlog. */
export const backlog: Scenario = async ({ quick, rounds }) => {
  const sizes = [1_000, 10_000, 100_000, 1_000_000];
  const costs = new Map(sizes.map((size) => [size, [] as number[]]));
  const times = quick ? 3 : Math.ceil(rounds / 2);
  await drainCost(10_000, 20);
  for (let round = 0; round < times; round += 1) {
    for (const size of sizes) {
      costs.get(size)?.push(await drainCost(size, Math.max(1, 100_000 / size)));
    }
  }
  const small = costs.get(10_000) ?? [];
  const large = costs.get(1_000_000) ?? [];
  return [
    ...sizes.map((size) => ({
      what: `drained from a backlog of ${size.toLocaleString("en")}`,
      value: spread(costs.get(size) ?? []),
      unit: "µs",
    })),
    {
      target: "P5",
      what: "drained at 1,000,000 / at 10,000",
      value: spread(large.map((cost, at) => cost / small[at]!)),
      unit: "×",
      atMost: 1.2,
    },
  ];
};

/** The drain of that backlog, filled and drained several times; the fill is not counted. */
async function drainCost(size: number, repeats: number): Promise<number> {
  const { broker, receiver } = brokerQueue({ maxSizeBytes: 80 * 1024 ** 3 });
  let seen = 0;
  const handler = async (body: Uint8Array): Promise<void> => {
    seen += body.byteLength;
  };
  let spent = 0;
  for (let repeat = 0; repeat < repeats; repeat += 1) {
    for (let sent = 0; sent < size; sent += 1) {
      broker.send("orders", [{ messageId: String(sent), body: orderBytes }]);
    }
    spent += await cpuTime(() => workers(concurrency, () => drain(receiver, handler)));
  }
  if (seen !== size * repeats * orderBytes.byteLength) throw new Error("not everything was drained");
  return spent / repeats / size;
}

/** The same of the peers; a backlog that takes too long to fill or to drain is cut short, and the row says so. */
export const peerBacklog: Scenario = async ({ quick }) => {
  const rows: Row[] = [];
  const limitMs = quick ? 1_000 : 4_000;
  for (const [name, open] of Object.entries(peers)) {
    for (const size of [1_000, 100_000, 1_000_000]) {
      const queue = await open();
      const filled = await fill(queue, size, limitMs);
      if (filled < size) {
        rows.push(peerRow(name, size, NaN, `filling stopped at ${filled.toLocaleString("en")}: too slow`));
        break;
      }
      let drained = 0;
      const total = await cpuTime(async () => {
        drained = await queue.drain(limitMs);
      });
      const note = drained < size ? `the first ${drained.toLocaleString("en")} of them` : undefined;
      rows.push(peerRow(name, size, total / drained, note));
      if (drained < size) break;
      await queue.close();
    }
  }
  return rows;
};

function peerRow(name: string, size: number, cost: number, note: string | undefined): Row {
  const row = {
    what: `${name}: drained from a backlog of ${size.toLocaleString("en")}`,
    value: spread([cost]),
    unit: "µs",
  };
  return note === undefined ? row : { ...row, note };
}

async function fill(
  queue: { send(count: number): Promise<void> },
  size: number,
  limitMs: number,
): Promise<number> {
  const endMs = Date.now() + limitMs;
  let filled = 0;
  while (filled < size && Date.now() < endMs) {
    await queue.send(1_000);
    filled += 1_000;
  }
  return filled;
}
