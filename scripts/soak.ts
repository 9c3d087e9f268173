import { parseArgs } from "node:util";
import { soak } from "../test/soak/soak.js";
import { heapBoundKb, reportOf, type Report, type Slope } from "../test/soak/verdict.js";

/**
 * Runs senders and handlers on Service Bus and Event Hubs, through Microsoft's SDKs and the emulator, for `--minutes N` (1.25) at a
 * steady rate, and then starts and stops services `--cycles N` times (100). Says how memory and handles grow; exits with 1 if
 * they do. `--rate N`: messages a second on each service (400). `--leak` leaks on purpose. `--json` prints one object.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1.25" },
    cycles: { type: "string", default: "100" },
    rate: { type: "string", default: "400" },
    leak: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const cycles = Number(values.cycles);
const rate = Number(values.rate);
if (!(minutes > 0) || !Number.isInteger(cycles) || cycles < 1 || !(rate > 0)) {
  console.error("give --minutes and --rate numbers above zero, and --cycles a whole number from 1 up");
  process.exit(2);
}
const rounds = Math.max(24, Math.round(minutes * 15));
const roundMs = (minutes * 60_000) / rounds;
const measured = await soak({ rounds, roundMs, rate, cycles, leak: values.leak });
const report = reportOf(measured);
console.log(
  values.json ? JSON.stringify({ ...report, samples: measured.samples }, undefined, 2) : textOf(report),
);
process.exitCode = report.failures.length === 0 ? 0 : 1;

function textOf({ messages, heap, rss, handles, listeners, cycles: lives, failures }: Report): string {
  return [
    `${String(messages)} messages in ${String(rounds)} rounds`,
    `heap: ${slopeText(heap.per1000)} KB per 1,000 messages (bound ${String(heapBoundKb)}), ${slopeText(heap.perMinute)} KB a minute`,
    `RSS: ${slopeText(rss.per1000)} KB per 1,000 messages, ${slopeText(rss.perMinute)} KB a minute`,
    `handles: ${countsOf(handles.first)} at first, ${countsOf(handles.last)} at last`,
    `listeners of the process: ${String(listeners.first)} at first, ${String(listeners.last)} at last`,
    `${String(lives.count)} lives of services: ${countsOf(lives.before)} before, ${countsOf(lives.after)} after`,
    ...(failures.length === 0 ? ["nothing grows"] : failures.map((failure) => `FAILED: ${failure}`)),
  ].join("\n");
}

function slopeText({ slope, least, most }: Slope): string {
  return `${slope.toFixed(2)} (from ${least.toFixed(2)} to ${most.toFixed(2)})`;
}

function countsOf(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([kind, count]) => `${String(count)} ${kind}`)
    .join(", ");
}
