import type { BrokerError } from "../../../../adapters/memory/broker/broker-error.js";
import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import { earliest, type EventPosition } from "../../../../adapters/memory/broker/stream/event-position.js";
import type { HubOptions } from "../../../../adapters/memory/broker/stream/hub.js";
import {
  createStreamEngine,
  type StreamEngine,
} from "../../../../adapters/memory/broker/stream/stream-engine.js";
import type { StreamReader } from "../../../../adapters/memory/broker/stream/attach-reader.js";

export const startMs = 1_000_000;

export interface Fixture {
  readonly engine: StreamEngine;
  /** Publishes texts as one batch. */
  readonly send: (partitionId: string, ...texts: string[]) => void;
  readonly read: (start?: EventPosition, options?: Partial<ReadOptions>) => StreamReader;
}

export interface ReadOptions {
  readonly group: string;
  readonly partitionId: string;
  readonly ownerLevel: number;
  readonly receiverName: string;
}

/** An engine with the hub `sales`. */
export function salesHub(options: HubOptions = {}): Fixture {
  const engine = createStreamEngine({ startMs });
  engine.createHub("sales", options);
  return {
    engine,
    send(partitionId, ...texts) {
      engine.publish("sales", texts.map(event), { partitionId });
    },
    read: (start = earliest, readOptions = {}) =>
      engine.openReader({ hub: "sales", group: "$Default", partitionId: "0", start, ...readOptions }),
  };
}

export function event(text: string): BrokerMessage {
  return { body: new TextEncoder().encode(text) };
}

export function texts(reader: StreamReader, max = 100): string[] {
  return reader.take(max).map(({ message }) => new TextDecoder().decode(message.body));
}

/** The conditions with which a reader was detached. */
export function detachments(reader: { onDetach(fn: (error: BrokerError) => void): void }): BrokerError[] {
  const errors: BrokerError[] = [];
  reader.onDetach((error) => errors.push(error));
  return errors;
}

/** Matches a refusal by its condition and, if given, a part of its text. */
export function refusal(condition: string, text = ""): unknown {
  return {
    asymmetricMatch: (error: BrokerError) => error.condition === condition && error.message.includes(text),
  };
}
