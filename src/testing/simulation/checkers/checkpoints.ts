import { at, type Check, type Seen } from "./seen.js";

/** I8: a checkpoint only goes forward, only by the owner of the partition, and never past an event that is not done. */
export function honestCheckpoints({ of }: Seen): Check {
  const findings: string[] = [];
  const partitions = new Map<string, Partition>();
  const placeOf = new Map<number, { readonly partition: Partition; readonly sequence: number }>();
  let moved = false;
  let stored = 0;
  for (const each of of("received", "settled", "checkpointed")) {
    if (each.kind === "received" && each.partition !== undefined) {
      const partition = at(partitions, each.partition, newPartition);
      moved ||= partition.reader !== "" && partition.reader !== each.process;
      partition.reader = each.process;
      if (!partition.done.has(each.sequence)) partition.open.add(each.sequence);
      placeOf.set(each.delivery, { partition, sequence: each.sequence });
    }
    if (each.kind === "settled" && each.ok) {
      const place = placeOf.get(each.delivery);
      place?.partition.open.delete(place.sequence);
      place?.partition.done.add(place.sequence);
    }
    if (each.kind !== "checkpointed" || !each.ok) continue;
    stored += 1;
    const partition = partitions.get(each.partition);
    if (partition === undefined) continue;
    if (partition.reader !== each.process)
      findings.push(
        `${each.process} stored a checkpoint of partition ${each.partition}, which ${partition.reader} reads`,
      );
    if (each.sequence < partition.last)
      findings.push(
        `the checkpoint of partition ${each.partition} went back from ${partition.last} to ${each.sequence}`,
      );
    for (const open of partition.open) {
      if (open <= each.sequence)
        findings.push(
          `the checkpoint ${each.sequence} of partition ${each.partition} covers ${open}, which is not done`,
        );
    }
    partition.last = Math.max(partition.last, each.sequence);
  }
  return { findings, exercised: moved && stored > 0 };
}

interface Partition {
  /** Received and not done. */
  readonly open: Set<number>;
  readonly done: Set<number>;
  reader: string;
  last: number;
}

const newPartition = (): Partition => ({ open: new Set(), done: new Set(), reader: "", last: -1 });
