import type { BrokerError } from "../broker-error.js";
import type { BrokerMessage } from "../message.js";
import type { Partition } from "./hub.js";
import type { PublishReceipt } from "./publish.js";
import { notAllowed, outOfOrder, outOfRange, producerStolen } from "./stream-errors.js";

export interface PublisherOptions {
  readonly partitionId: string;
  /** Identity of the producer across attachments. Default: a new one. */
  readonly producerGroupId?: number;
  /** An equal or higher level takes over from the attached publisher of the group. 0 to 32,767. Default 0. */
  readonly ownerLevel?: number;
  /** The last number that counts as published, for a new group or a higher level. 0 to 2^31 - 1. Default 0. */
  readonly startingSequenceNumber?: number;
}

/** What the attach reply tells a producer. */
export interface PublishingProperties {
  readonly producerGroupId: number;
  readonly ownerLevel: number;
  /** The next batch must begin with the number after it. */
  readonly lastPublishedSequenceNumber: number;
}

/** A producer whose batches are numbered, so that a repeated one is stored once. */
export interface StreamPublisher {
  readonly properties: PublishingProperties;
  /**
   * Stores a batch. The exact repetition of the batch before is answered as that was and not stored.
   * @throws {BrokerError} `com.microsoft:out-of-order-sequence`, `com.microsoft:producer-epoch-stolen`
   */
  publish(events: readonly BrokerMessage[], firstPublishSequenceNumber: number): PublishReceipt;
  /** Calls back when another publisher takes over, at once if one has. It must not throw. */
  onDetach(detached: (error: BrokerError) => void): void;
  close(): void;
}

/** What a partition remembers of one producer group, attached or not. */
export interface ProducerState {
  readonly producerGroupId: number;
  ownerLevel: number;
  lastPublishedSequenceNumber: number;
  lastBatch: { readonly first: number; readonly receipt: PublishReceipt } | undefined;
  holder: { detach(error: BrokerError): void } | undefined;
}

/**
 * Attaches to the partition, taking over from the group's publisher there.
 *
 * @throws {BrokerError} `com.microsoft:producer-epoch-stolen` below the group's level,
 * `com.microsoft:argument-out-of-range` for a level or number outside its bounds.
 */
export function openPublisher(
  partition: Partition,
  options: PublisherOptions,
  append: (events: readonly BrokerMessage[]) => PublishReceipt,
): StreamPublisher {
  const state = attach(partition, options);
  let error: BrokerError | undefined;
  let closed = false;
  let notify: ((error: BrokerError) => void) | undefined;
  const holder: ProducerState["holder"] = {
    detach(reason) {
      error = reason;
      notify?.(reason);
    },
  };
  state.holder = holder;
  return {
    get properties() {
      const { producerGroupId, ownerLevel, lastPublishedSequenceNumber } = state;
      return { producerGroupId, ownerLevel, lastPublishedSequenceNumber };
    },
    publish(events, first) {
      if (error !== undefined) throw error;
      if (closed) throw notAllowed("The publisher is closed: open another one.");
      return publishNumbered(state, events, first, append);
    },
    onDetach(detached) {
      if (error === undefined) notify = detached;
      else detached(error);
    },
    close() {
      closed = true;
      if (state.holder === holder) state.holder = undefined;
    },
  };
}

function attach(partition: Partition, options: PublisherOptions): ProducerState {
  const { ownerLevel, startingSequenceNumber } = options;
  checkRange("owner level", ownerLevel, maxOwnerLevel);
  checkRange("starting sequence number", startingSequenceNumber, maxSequenceNumber);
  const producerGroupId = options.producerGroupId ?? unusedId(partition);
  const known = partition.producers.get(producerGroupId);
  if (known === undefined) {
    const created: ProducerState = {
      producerGroupId,
      ownerLevel: ownerLevel ?? 0,
      lastPublishedSequenceNumber: startingSequenceNumber ?? 0,
      lastBatch: undefined,
      holder: undefined,
    };
    partition.producers.set(producerGroupId, created);
    return created;
  }
  const level = ownerLevel ?? known.ownerLevel;
  if (level < known.ownerLevel) throw producerStolen();
  known.holder?.detach(producerStolen());
  if (level > known.ownerLevel && startingSequenceNumber !== undefined) {
    known.lastPublishedSequenceNumber = startingSequenceNumber;
    known.lastBatch = undefined;
  }
  known.ownerLevel = level;
  return known;
}

const maxOwnerLevel = 32_767;
const maxSequenceNumber = 2_147_483_647;

function checkRange(what: string, value: number | undefined, max: number): void {
  if (value === undefined || (Number.isInteger(value) && value >= 0 && value <= max)) return;
  throw outOfRange(`The ${what} must be a whole number from 0 to ${String(max)}.`);
}

function unusedId(partition: Partition): number {
  let id = partition.producers.size + 1;
  while (partition.producers.has(id)) id++;
  return id;
}

function publishNumbered(
  state: ProducerState,
  events: readonly BrokerMessage[],
  first: number,
  append: (events: readonly BrokerMessage[]) => PublishReceipt,
): PublishReceipt {
  const { lastBatch } = state;
  if (lastBatch?.first === first && lastBatch.receipt.count === events.length) return lastBatch.receipt;
  const expected = after(state.lastPublishedSequenceNumber, 1);
  if (first !== expected) throw outOfOrder(expected, first);
  const receipt = append(events);
  state.lastPublishedSequenceNumber = after(state.lastPublishedSequenceNumber, events.length);
  state.lastBatch = { first, receipt };
  return receipt;
}

/** Numbers are 32-bit on the wire and go on from 0. */
function after(sequenceNumber: number, count: number): number {
  return (sequenceNumber + count) % (maxSequenceNumber + 1);
}
