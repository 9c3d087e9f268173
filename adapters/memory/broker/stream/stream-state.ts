import type { BrokerMessage } from "../message.js";
import type { Hub } from "./hub.js";
import { trimLog } from "./partition-log.js";
import { publishBatch, type PublishReceipt, type PublishTarget } from "./publish.js";
import { notFound } from "./stream-errors.js";

/** What an engine holds: its hubs and its time. */
export interface StreamState {
  /** By name in lower case. */
  readonly hubs: Map<string, Hub>;
  nowMs: number;
  /** When an event may expire for the first time; absent when none is retained. */
  sweepDueMs: number | undefined;
}

export const createStreamState = (startMs: number): StreamState => ({
  hubs: new Map(),
  nowMs: startMs,
  sweepDueMs: undefined,
});

/** @throws {BrokerError} `amqp:not-found` */
export function requireHub(state: StreamState, name: string): Hub {
  // Most names are in lower case, and are then found without making another string.
  const hub = state.hubs.get(name) ?? state.hubs.get(name.toLowerCase());
  if (hub === undefined) throw notFound(name);
  return hub;
}

/** Publishes now, and has what was published expire in time. */
export function publishNow(
  state: StreamState,
  hub: Hub,
  events: readonly BrokerMessage[],
  target: PublishTarget,
): PublishReceipt {
  const receipt = publishBatch(hub, events, target, state.nowMs);
  expectExpiry(state, hub);
  return receipt;
}

export function expectExpiry(state: StreamState, hub: Hub): void {
  const expiryMs = state.nowMs + hub.retentionMs;
  if (state.sweepDueMs === undefined || expiryMs < state.sweepDueMs) state.sweepDueMs = expiryMs;
}

/** Hides what has expired in one hub's partition by now. */
export function trimNow(state: StreamState, hub: Hub, partitionId: string): void {
  const log = hub.partitions[Number(partitionId)]?.log;
  if (log !== undefined) trimLog(log, state.nowMs - hub.retentionMs);
}

export function advance(state: StreamState, toMs: number): void {
  if (toMs > state.nowMs) state.nowMs = toMs;
  if (state.sweepDueMs !== undefined && state.nowMs >= state.sweepDueMs) state.sweepDueMs = sweep(state);
}

// Each sweep visits every partition, so that one expiry after the other must not each cause one.
const leastBetweenSweepsMs = 60_000;

/** Frees expired events everywhere; returns when to do so again. */
function sweep({ hubs, nowMs }: StreamState): number | undefined {
  let nextMs: number | undefined;
  for (const { partitions, retentionMs } of hubs.values()) {
    for (const { log } of partitions) {
      trimLog(log, nowMs - retentionMs);
      const oldest = log.events[log.head];
      if (oldest === undefined) continue;
      const expiryMs = Math.max(oldest.enqueuedTimeMs + retentionMs, nowMs + leastBetweenSweepsMs);
      nextMs = Math.min(nextMs ?? expiryMs, expiryMs);
    }
  }
  return nextMs;
}
