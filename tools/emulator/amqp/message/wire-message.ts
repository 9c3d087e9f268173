import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";

/** The part of the emulator's clock that bytes need: how far it is ahead of the machine's. See `clock.ts`. */
export interface WireClock {
  readonly offsetMs: number;
}

/**
 * What the field `wire` of a {@link BrokerMessage} holds: the bytes as they were sent, from which everything that the broker
 * did not change goes out again byte for byte.
 */
export class WireMessage {
  /** What the bytes were decoded to: where a message differs from it, the broker has changed it. */
  original: BrokerMessage | undefined;

  constructor(
    /** All sections, as they came. Nobody may change them. */
    readonly bytes: Buffer,
    /** How far the emulator's clock was ahead of the machine's when they came. */
    readonly offsetMs: number,
  ) {}
}

/** What a message came with; undefined for one that was not sent over AMQP. */
export function wireOf(message: BrokerMessage): WireMessage | undefined {
  return message.wire instanceof WireMessage ? message.wire : undefined;
}
