import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { format } from "prettier";
import type { Capabilities, ChannelKind, Need, ReceiverFeatures, Transport } from "waybill/transport";
import { eventGrid } from "waybill/event-grid";
import { eventHubs } from "waybill/event-hubs";
import { memory, memoryCheckpoints, memoryPark } from "waybill/memory";
import { serviceBus } from "waybill/service-bus";
import { storageQueue } from "waybill/storage-queue";
import { root } from "./entries.js";

/** What a transport can do it says without a client. */
const client = (): never => {
  throw new Error("the table needs no client");
};

/** One column per adapter of this repository. */
const transports: readonly Transport[] = [
  memory(),
  serviceBus({ client }),
  eventHubs({
    producer: client,
    consumer: client,
    checkpoints: memoryCheckpoints(),
    park: memoryPark(),
  }),
  eventGrid({ deadLetters: memoryPark() }),
  storageQueue({ client }),
];

const begin = "<!-- capabilities:begin -->";
const end = "<!-- capabilities:end -->";

/** The README with the capability table that its adapters have now. */
export async function withCapabilities(readme: string): Promise<string> {
  const [before, rest = ""] = readme.split(begin);
  const [, after] = rest.split(end);
  if (after === undefined) throw new Error(`the README has no ${begin} … ${end}`);
  const table = await format(capabilityTable(transports), { parser: "markdown", printWidth: 110 });
  return `${before}${begin}\n\n${table}\n${end}${after}`;
}

function capabilityTable(columns: readonly Transport[]): string {
  const all = columns.map(({ capabilities }) => capabilities);
  const rows = [
    ["", ...columns.map(({ name }) => name)],
    ["---", ...columns.map(() => "---")],
    ...Object.entries(needs).map(([need, text]) => [text, ...all.map((one) => supportOf(one, need as Need))]),
    ...Object.entries(features).map(([feature, text]) => [
      text,
      ...all.map((one) => kindsWith(one, feature as keyof ReceiverFeatures)),
    ]),
    [
      "largest message",
      ...all.map(({ maxMessageBytes }) => `${String(Math.floor(maxMessageBytes / 1024))} KiB`),
    ],
  ];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const needs: Record<Need, string> = {
  queues: "queues",
  "queues:sessions": 'queues: order per key (`ordered: "by-key"`)',
  "queues:scheduling": "queues: delayed and timed sends (`scheduled: true`)",
  "queues:dedup": "queues: duplicate detection (`dedupWindow`)",
  topics: "topics",
  "topics:sessions": 'topics: order per key (`ordered: "by-key"`)',
  "topics:scheduling": "topics: delayed and timed sends (`scheduled: true`)",
  "topics:dedup": "topics: duplicate detection (`dedupWindow`)",
  streams: "streams",
  notifications: "notifications",
};

const features: Record<keyof ReceiverFeatures, string> = {
  renew: "receiving: locks are renewed",
  delayedRelease: "receiving: a retry waits in place, without a copy",
  uncountedRelease: "receiving: put back without raising the delivery count",
  defer: "receiving: `defer()`",
  deliveryCount: "receiving: deliveries are counted",
  deadLetter: "receiving: dead letters (streams: parked events)",
};

const nameOfKind: Record<ChannelKind, string> = {
  queue: "queues",
  topic: "topics",
  stream: "streams",
  notifications: "notifications",
};

const supportOf = ({ needs: met }: Capabilities, need: Need): string => met[need] ?? "–";

function kindsWith({ receivers }: Capabilities, feature: keyof ReceiverFeatures): string {
  const kinds = Object.entries(nameOfKind).filter(([kind]) => receivers[kind as ChannelKind]?.[feature]);
  return kinds.length === 0 ? "–" : kinds.map(([, name]) => name).join(", ");
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const path = join(root, "README.md");
  writeFileSync(path, await withCapabilities(readFileSync(path, "utf8")));
}
