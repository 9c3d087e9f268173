import type { EventHubConsumerClient, EventPosition } from "@azure/event-hubs";
import type { Checkpoint } from "../../src/store/index.js";
import type { StartPosition, WaybillError } from "../../src/transport/index.js";
import { expired, madeAnew } from "./partition-problems.js";

/** Where the reading of a partition begins. */
export interface Start {
  readonly position: EventPosition;
  /** The last sequence number before everything that is to come; where a time decides nobody knows. */
  readonly last: number | undefined;
  /** The event that was done last is read again, and skipped: it shows whether the hub is still the same. */
  readonly done?: Checkpoint;
  /** What a group that begins at the latest has to store, so that it begins there again. */
  readonly store?: Checkpoint;
  /** The checkpoint is of no use: the partition is read from its beginning, and somebody must be told. */
  readonly problem?: WaybillError;
}

/** What the service says of a partition, as far as it matters here. */
export type PartitionEnds = Pick<
  Awaited<ReturnType<EventHubConsumerClient["getPartitionProperties"]>>,
  "beginningSequenceNumber" | "lastEnqueuedSequenceNumber" | "lastEnqueuedOffset"
>;

/** Decides where to begin. `where` names the partition, for what is told. */
export function startOf(
  where: string,
  partition: string,
  checkpoint: Checkpoint | undefined,
  startFrom: StartPosition,
  ends: PartitionEnds,
): Start {
  const { beginningSequenceNumber: begin, lastEnqueuedSequenceNumber: last, lastEnqueuedOffset } = ends;
  const beginning = { position: earliest, last: begin - 1 };
  if (checkpoint !== undefined) {
    const done = Number(checkpoint.sequenceNumber);
    if (done > last) return { ...beginning, problem: madeAnew(where, checkpoint, last) };
    if (done < begin - 1) return { ...beginning, problem: expired(where, done + 1, begin) };
    if (done < begin) return beginning;
    return { position: { sequenceNumber: done, isInclusive: true }, last: done - 1, done: checkpoint };
  }
  if (startFrom === "earliest") return beginning;
  if (startFrom !== "latest") return { position: { enqueuedOn: startFrom.afterMs }, last: undefined };
  // Not the moving end: what is sent before the first read must not be passed by.
  return {
    position: behind(last),
    last,
    store: { partition, offset: last < 0 ? "-1" : lastEnqueuedOffset, sequenceNumber: String(last) },
  };
}

/**
 * What the first event that is read from a checkpoint says: `done` is the event of the checkpoint itself, `next` the one
 * behind it, because the service has given up that one meanwhile, `later` one further behind; otherwise that the hub is
 * another one, to be read from its beginning.
 */
export function checkFirst(
  where: string,
  done: Checkpoint,
  first: { readonly sequenceNumber: number; readonly offset: string },
): "done" | "next" | "later" | WaybillError {
  const expected = Number(done.sequenceNumber);
  if (first.sequenceNumber === expected && sameOffset(first.offset, done.offset)) return "done";
  if (first.sequenceNumber === expected + 1) return "next";
  return first.sequenceNumber <= expected ? madeAnew(where, done, undefined) : "later";
}

/** Offsets were numbers before there was geo-replication, and of two kinds nothing can be said. */
const sameOffset = (left: string, right: string): boolean =>
  left === right || /^\d+$/.test(left) !== /^\d+$/.test(right);

export const earliest: EventPosition = { offset: "-1" };

/** Behind the event with that sequence number; -1 is before the first. */
export const behind = (sequenceNumber: number): EventPosition =>
  sequenceNumber < 0 ? earliest : { sequenceNumber, isInclusive: false };
