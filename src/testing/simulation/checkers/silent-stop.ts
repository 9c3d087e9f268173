import { at, type Check, type Of, type Seen } from "./seen.js";

/** Within so many milliseconds of a message's waiting a consumer that is given nothing says so. */
const detectMs = 90_000;

/**
 * I11: no consumer stops without a word. Where the receives of one are not answered any more although a message waits that it
 * would be given, it tells of it in time: of a queue any message, of a stream one of a partition that is its own. Sessions,
 * whose messages wait for others too, are held by I1: the liveness phase would not end.
 */
export function noSilentStop(seen: Seen): Check {
  const { of, schedule } = seen;
  const hangs = of("fault").filter(({ fault }) => fault === "receiveHangs");
  if (hangs.length === 0) return { findings: [], exercised: false };
  const { ttlMs = Infinity } = schedule.swarm;
  const told = of("said").filter(({ event }) => event === "recycled" || event === "stalled");
  const findings: string[] = [];
  let exercised = false;
  for (const { where, atMs } of hangs) {
    const [process = "", channel = ""] = where.split(" ");
    // Of a process that dies, stands still or stops nothing can be asked.
    const endMs = of("life").find((each) => each.process === process && each.atMs >= atMs)?.atMs ?? Infinity;
    const waits =
      channel === "jobs" ? ofQueue(seen) : channel === "sales" ? ofStream(seen, process, atMs) : [];
    for (const { id, fromMs, untilMs } of waits) {
      const dueMs = Math.max(fromMs, atMs) + detectMs;
      if (dueMs > Math.min(untilMs, endMs) || (channel === "jobs" && dueMs > fromMs + ttlMs)) continue;
      exercised = true;
      const inTime = told.some(
        (each) =>
          each.process === process && each.channel === channel && each.atMs >= atMs && each.atMs <= dueMs,
      );
      if (!inTime)
        findings.push(`${process} is given nothing of ${channel}, where ${id} waits, and says nothing`);
    }
  }
  return { findings, exercised };
}

/** A message that could be had at once, and how long nobody had it. */
interface Wait {
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

function ofQueue({ of }: Seen): readonly Wait[] {
  return waits(of("accepted", "received").filter(({ channel }) => channel === "jobs")).map(
    ({ wait }) => wait,
  );
}

/** Those of the partitions that the process had before, had nothing of, and had next. */
function ofStream({ of }: Seen, process: string, sinceMs: number): readonly Wait[] {
  const all = of("accepted", "received", "settled").filter(({ channel }) => channel === "sales");
  const open = new Map<string, Set<number>>();
  const partitionOf = new Map<number, string>();
  for (const each of all) {
    if (each.atMs > sinceMs || each.process !== process) continue;
    if (each.kind === "received") {
      const partition = each.partition ?? "";
      partitionOf.set(each.delivery, partition);
      at(open, partition, () => new Set<number>()).add(each.delivery);
    }
    if (each.kind === "settled") open.get(partitionOf.get(each.delivery) ?? "")?.delete(each.delivery);
  }
  return waits(all.filter((each) => each.kind !== "settled"))
    .filter(
      ({ wait, received }) =>
        received.process === process &&
        wait.untilMs > sinceMs &&
        open.get(received.partition ?? "")?.size === 0,
    )
    .filter(
      ({ received }) =>
        !all.some(
          (each) =>
            each.kind === "received" &&
            each.partition === received.partition &&
            each.process !== process &&
            each.atMs >= sinceMs &&
            each.atMs <= received.atMs,
        ),
    )
    .map(({ wait }) => wait);
}

function waits(
  happenings: readonly (Of<"accepted"> | Of<"received">)[],
): readonly { readonly wait: Wait; readonly received: Of<"received"> }[] {
  const found: { wait: Wait; received: Of<"received"> }[] = [];
  const waiting = new Map<string, Of<"accepted">>();
  const had = new Set<string>();
  for (const each of happenings) {
    if (each.kind === "accepted") {
      // Whoever waits for a message may have it before its sender hears of it.
      if (each.delayMs === undefined && !waiting.has(each.id) && !had.has(each.id))
        waiting.set(each.id, each);
      continue;
    }
    had.add(each.id);
    const accepted = waiting.get(each.id);
    if (accepted === undefined) continue;
    waiting.delete(each.id);
    found.push({ wait: { id: each.id, fromMs: accepted.atMs, untilMs: each.atMs }, received: each });
  }
  return found;
}
