import type { BrokerError } from "../broker-error.js";
import { resolvePosition, type EventPosition, type Start } from "./event-position.js";
import type { Group, Partition } from "./hub.js";
import { eventFrom, readFrom } from "./partition-log.js";
import {
  invalidArgument,
  outOfRange,
  ownerLevelRequired,
  ownerLevelTooLow,
  readerStolen,
  tooManyReaders,
} from "./stream-errors.js";
import type { StreamEvent } from "./stream-event.js";

export interface ReaderOptions {
  readonly hub: string;
  readonly group: string;
  readonly partitionId: string;
  readonly start: EventPosition;
  /** Makes the reader the only one of its group on the partition (the AMQP epoch). From 0. Default: shared. */
  readonly ownerLevel?: number;
  /** Shown to others in errors. At most 64 characters. Default: none. */
  readonly receiverName?: string;
}

/** A cursor of one consumer group in one partition. Reading removes nothing. */
export interface StreamReader {
  readonly partitionId: string;
  /** The next events in order, at most `max`; empty when there are none yet. @throws the error of a detachment. */
  take(max: number): readonly StreamEvent[];
  /** The event that `take` would return first. */
  readonly next: StreamEvent | undefined;
  /**
   * Calls `wake` once, as soon as `take` would return something: within this call if it would now.
   * Replaces an earlier callback of this reader; `undefined` cancels it. It must not throw.
   */
  onAvailable(wake: (() => void) | undefined): void;
  /** Calls back when the service ends the reader, at once if it has; not after `close`. It must not throw. */
  onDetach(detached: (error: BrokerError) => void): void;
  close(): void;
}

const maxSharedReaders = 5;
const maxReceiverNameLength = 64;

/**
 * Attaches a reader by the rules of owner levels: an equal or higher level takes the partition from whoever has it.
 *
 * @throws {BrokerError} `amqp:link:stolen` when another has a higher level, or has one and this has none;
 * `amqp:resource-limit-exceeded` for a sixth shared reader.
 */
export function attachReader(
  partition: Partition,
  group: Group,
  options: ReaderOptions,
  trim: () => void,
): StreamReader {
  if ((options.receiverName?.length ?? 0) > maxReceiverNameLength) {
    throw invalidArgument(`A receiver name has at most ${String(maxReceiverNameLength)} characters.`);
  }
  trim();
  const start = resolvePosition(partition.log, options.start);
  const rivals = [...partition.readers].filter((reader) => reader.group === group);
  const losers = contend(options, rivals);
  const reader = new PartitionReader(partition, group, options, start, trim);
  partition.readers.add(reader);
  for (const loser of losers) loser.detach(readerStolen(loser, options));
  return reader;
}

/** Those who lose the partition to a newcomer; throws if the newcomer loses. */
function contend(newcomer: ReaderOptions, rivals: readonly PartitionReader[]): readonly PartitionReader[] {
  const holder = rivals.find((rival) => rival.ownerLevel !== undefined);
  const { ownerLevel } = newcomer;
  if (ownerLevel === undefined) {
    if (holder !== undefined) throw ownerLevelRequired(holder);
    if (rivals.length >= maxSharedReaders) throw tooManyReaders(maxSharedReaders, rivals);
    return [];
  }
  if (!Number.isSafeInteger(ownerLevel) || ownerLevel < 0) {
    throw outOfRange("The owner level must be a whole number from 0.");
  }
  if (holder?.ownerLevel !== undefined && holder.ownerLevel > ownerLevel) {
    throw ownerLevelTooLow(newcomer, holder);
  }
  return rivals;
}

/** The engine's side of a {@link StreamReader}. */
export class PartitionReader implements StreamReader {
  readonly partitionId: string;
  readonly ownerLevel: number | undefined;
  readonly receiverName: string | undefined;
  private nextSequenceNumber: number;
  private readonly afterMs: number;
  private wake: (() => void) | undefined;
  private waiting = false;
  private detached: ((error: BrokerError) => void) | undefined;
  private error: BrokerError | undefined;
  private closed = false;

  constructor(
    private readonly partition: Partition,
    readonly group: Group,
    options: ReaderOptions,
    start: Start,
    private readonly trim: () => void,
  ) {
    this.partitionId = partition.log.partitionId;
    this.ownerLevel = options.ownerLevel;
    this.receiverName = options.receiverName;
    this.nextSequenceNumber = start.sequenceNumber;
    this.afterMs = start.afterMs;
  }

  take(max: number): readonly StreamEvent[] {
    if (this.error !== undefined) throw this.error;
    if (this.closed) return [];
    this.trim();
    this.skipEarly();
    const events = readFrom(this.partition.log, this.nextSequenceNumber, max);
    const last = events.at(-1);
    if (last !== undefined) this.nextSequenceNumber = last.sequenceNumber + 1;
    return events;
  }

  get next(): StreamEvent | undefined {
    if (this.closed || this.error !== undefined) return undefined;
    this.trim();
    this.skipEarly();
    return eventFrom(this.partition.log, this.nextSequenceNumber);
  }

  onAvailable(wake: (() => void) | undefined): void {
    this.wake = this.closed || this.error !== undefined ? undefined : wake;
    if (this.wake === undefined) return;
    this.trim();
    this.wakeIfAvailable();
  }

  onDetach(detached: (error: BrokerError) => void): void {
    if (this.error !== undefined) detached(this.error);
    else if (!this.closed) this.detached = detached;
  }

  close(): void {
    this.closed = true;
    this.leave();
  }

  /** Ends the reader from the service's side. */
  detach(error: BrokerError): void {
    if (this.closed || this.error !== undefined) return;
    this.error = error;
    const { detached } = this;
    this.leave();
    detached?.(error);
  }

  /** Called when events came, and the reader is no longer in the partition's list of waiting ones. */
  arrived(): void {
    this.waiting = false;
    if (this.wake !== undefined) this.wakeIfAvailable();
  }

  private wakeIfAvailable(): void {
    this.skipEarly();
    if (eventFrom(this.partition.log, this.nextSequenceNumber) === undefined) {
      // Once is enough: a reader that replaces its callback keeps its place.
      if (!this.waiting) this.partition.waiting.push(this);
      this.waiting = true;
      return;
    }
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** A start by time may lie ahead of the log, which then grows by events that are too early. */
  private skipEarly(): void {
    let next = eventFrom(this.partition.log, this.nextSequenceNumber);
    while (next !== undefined && next.enqueuedTimeMs <= this.afterMs) {
      this.nextSequenceNumber = next.sequenceNumber + 1;
      next = eventFrom(this.partition.log, this.nextSequenceNumber);
    }
  }

  private leave(): void {
    this.wake = undefined;
    this.detached = undefined;
    this.partition.readers.delete(this);
    if (this.waiting) {
      this.partition.waiting = this.partition.waiting.filter((reader) => reader !== this);
    }
  }
}
