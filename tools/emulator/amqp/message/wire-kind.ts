import type { BrokerMessage } from "../../../../adapters/memory/broker/message.js";
import type { PlainKind } from "../../../../adapters/memory/broker/snapshot/plain-value.js";
import { decodeMessage } from "./decode-message.js";
import { WireMessage, wireOf } from "./wire-message.js";

/**
 * Messages that came over AMQP, in a snapshot: their bytes, and what the broker changed since. Decoding the bytes again
 * makes what is unchanged the very same values as before, by which an encoder knows that they are unchanged.
 */
export const wireKind: PlainKind = {
  mark: "amqp",
  is: (value) => "wire" in value && value.wire instanceof WireMessage,
  write(value): Parts {
    const message = value as BrokerMessage;
    const wire = wireOf(message);
    const original = wire?.original ?? message;
    const names = new Set([...Object.keys(original), ...Object.keys(message)]) as Set<keyof BrokerMessage>;
    const changed = [...names].filter((name) => message[name] !== original[name]);
    return {
      bytes: wire?.bytes ?? Buffer.alloc(0),
      offsetMs: wire?.offsetMs ?? 0,
      changes: Object.fromEntries(changed.map((name) => [name, message[name]])),
    };
  },
  read(parts): BrokerMessage {
    const { bytes, offsetMs, changes } = parts as Parts;
    const original = decodeMessage(bytes, { offsetMs });
    return Object.keys(changes).length === 0 ? original : { ...original, ...changes };
  },
};

interface Parts {
  readonly bytes: Buffer;
  readonly offsetMs: number;
  /** By field; undefined for one that was taken away. */
  readonly changes: Partial<BrokerMessage>;
}
