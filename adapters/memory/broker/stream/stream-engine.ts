import type { BrokerMessage } from "../message.js";
import { attachReader, type ReaderOptions, type StreamReader } from "./attach-reader.js";
import { createHub, hubProperties, updateHub, type Hub, type HubOptions, type HubProperties } from "./hub.js";
import { detachAll } from "./detach.js";
import { createGroup, deleteGroup, requireGroup, requirePartition } from "./hub-parts.js";
import { openPublisher, type PublisherOptions, type StreamPublisher } from "./idempotent-publisher.js";
import { partitionProperties, type PartitionProperties } from "./partition-log.js";
import type { PublishReceipt, PublishTarget } from "./publish.js";
import { alreadyExists, notFound } from "./stream-errors.js";
import {
  advance,
  createStreamState,
  expectExpiry,
  publishNow,
  requireHub,
  trimNow,
  type StreamState,
} from "./stream-state.js";

export interface StreamEngineOptions {
  /** Milliseconds since 1970 at which the engine's time begins. */
  readonly startMs: number;
}

/**
 * Event hubs: partitioned logs that keep their events until these reach the retention age.
 *
 * Everything happens within the call, in one deterministic order; callbacks run inside the call that causes them.
 * Names compare without case. Refusals are {@link BrokerError}s with the condition and text of Azure Event Hubs.
 */
export interface StreamEngine {
  createHub(name: string, options?: HubOptions): void;
  /** Changes the retention, also of events that are there. @throws `amqp:not-allowed` for another partition count. */
  updateHub(name: string, options: HubOptions): void;
  /** Removes the hub with its events, and detaches whoever reads or publishes there. */
  deleteHub(name: string): void;
  hubProperties(name: string): HubProperties;
  partitionProperties(hub: string, partitionId: string): PartitionProperties;
  createConsumerGroup(hub: string, group: string): void;
  /** Removes the group and detaches its readers. @throws `amqp:not-allowed` for `$Default`. */
  deleteConsumerGroup(hub: string, group: string): void;
  /** Stores a batch in one partition, all of it or nothing, and wakes the readers that wait there. */
  publish(hub: string, events: readonly BrokerMessage[], target?: PublishTarget): PublishReceipt;
  /** Attaches an idempotent producer to one partition. */
  openPublisher(hub: string, options: PublisherOptions): StreamPublisher;
  openReader(options: ReaderOptions): StreamReader;
  /** Moves time forward and frees what has expired; an earlier time changes nothing. */
  advanceTo(nowMs: number): void;
  /** When memory can next be given back. Nothing a reader sees waits for it: expired events are hidden at once. */
  nextDueMs(): number | undefined;
}

/** @param state What it holds, for an owner who takes snapshots. */
export function createStreamEngine(
  { startMs }: StreamEngineOptions,
  state: StreamState = createStreamState(startMs),
): StreamEngine {
  const find = (name: string): Hub => requireHub(state, name);
  return {
    createHub(name, options = {}) {
      const key = name.toLowerCase();
      if (state.hubs.has(key)) throw alreadyExists(name);
      state.hubs.set(key, createHub(name, options, state.nowMs));
    },
    updateHub(name, options) {
      const hub = find(name);
      updateHub(hub, options, state.nowMs);
      expectExpiry(state, hub);
    },
    deleteHub(name) {
      const hub = find(name);
      state.hubs.delete(name.toLowerCase());
      for (const partition of hub.partitions) detachAll(partition, notFound(hub.name));
    },
    hubProperties: (name) => hubProperties(find(name)),
    partitionProperties(name, partitionId) {
      const hub = find(name);
      const { log } = requirePartition(hub, partitionId);
      trimNow(state, hub, partitionId);
      return partitionProperties(log);
    },
    createConsumerGroup(name, group) {
      createGroup(find(name), group);
    },
    deleteConsumerGroup(name, group) {
      deleteGroup(find(name), group);
    },
    publish: (name, events, target = {}) => publishNow(state, find(name), events, target),
    openPublisher(name, options) {
      const hub = find(name);
      const { partitionId } = options;
      const append = (events: readonly BrokerMessage[]) => publishNow(state, hub, events, { partitionId });
      return openPublisher(requirePartition(hub, partitionId), options, append);
    },
    openReader(options) {
      const hub = find(options.hub);
      const { group, partitionId } = options;
      const partition = requirePartition(hub, partitionId);
      const trim = (): void => {
        trimNow(state, hub, partitionId);
      };
      return attachReader(partition, requireGroup(hub, group), options, trim);
    },
    advanceTo(nowMs) {
      advance(state, nowMs);
    },
    nextDueMs: () => state.sweepDueMs,
  };
}
