import {
  fromDeadLetterProperties,
  type DeadLetterDelivery,
  type DeadLetterReceiver,
  type DeadLetterRecord,
  WaybillError,
  type SettleRequest,
} from "../../src/transport/index.js";
import { deadLetterPath } from "./broker/address.js";
import type { Delivery as BrokerDelivery } from "./broker/delivery.js";
import type { Receiver as BrokerReceiver } from "./broker/receiver.js";
import { refusal } from "./letterbox-receiver.js";
import { mapError } from "./map-error.js";
import { factsOf, readMessage, type MemoryDelivery } from "./message-delivery.js";
import type { World } from "./world.js";

/** Reads the dead-letter queue of a queue or subscription. */
export function deadLetterReceiver(world: World, path: string): DeadLetterReceiver {
  const address = deadLetterPath(path);
  let receiver: BrokerReceiver | undefined;
  const attached = (): BrokerReceiver => (receiver ??= world.broker.attachReceiver(address));
  const natives = new WeakMap<object, BrokerDelivery>();
  const letterOf = (native: BrokerDelivery): DeadLetterDelivery => {
    const letter = { ...deadLetterOf(path, native), lockedUntilMs: native.lockedUntilMs };
    natives.set(letter, native);
    return letter;
  };
  const settleOne = ({ delivery, action }: SettleRequest): WaybillError | undefined => {
    const native = natives.get(delivery);
    if (native === undefined)
      return new WaybillError("lockLost", `"${address}" was only peeked: take it first`);
    try {
      if (action.kind === "complete") attached().complete(native);
      else attached().release(native);
      return refusal(path, action.kind);
    } catch (error) {
      return mapError(error, `cannot ${action.kind} a dead letter of "${path}"`);
    }
  };
  return {
    peek: (max) => {
      world.clock.catchUp();
      return world.broker.peek(address, { count: max }).map((seen) => deadLetterOf(path, seen));
    },
    take: (sequenceNumbers) => {
      world.clock.catchUp();
      const taken = takeNumbers(attached(), new Set(sequenceNumbers.map(Number)));
      world.clock.arm();
      return taken.map(letterOf);
    },
    settle: (requests) => {
      world.clock.catchUp();
      return requests.map(settleOne);
    },
    close: () => receiver?.close(),
  };
}

/** A queue hands out its messages in order only: what was not asked for is given back, uncounted. */
function takeNumbers(receiver: BrokerReceiver, wanted: Set<number>): readonly BrokerDelivery[] {
  const found: BrokerDelivery[] = [];
  const others: BrokerDelivery[] = [];
  while (found.length < wanted.size) {
    const taken = receiver.take(100);
    if (taken.length === 0) break;
    for (const native of taken) (wanted.has(native.sequenceNumber) ? found : others).push(native);
  }
  for (const native of others) receiver.release(native);
  return found;
}

function deadLetterOf(path: string, native: MemoryDelivery): DeadLetterDelivery {
  const { message, sequenceNumber } = native;
  return {
    ...readMessage(message, message.messageId ?? String(sequenceNumber)),
    record: recordOf(path, native),
    lane: undefined,
    deliveryCount: native.deliveryCount + 1,
    lockedUntilMs: undefined,
    broker: factsOf(native),
    native,
  };
}

/** What the broker dead-lettered by itself has no record of ours: then it is known where, and how often, at least. */
function recordOf(path: string, { message, deliveryCount }: MemoryDelivery): DeadLetterRecord {
  const properties = message.applicationProperties ?? {};
  const { DeadLetterReason: reason, DeadLetterErrorDescription: description } = properties;
  const record = fromDeadLetterProperties(properties, {
    deadLetterReason: typeof reason === "string" ? reason : undefined,
    deadLetterErrorDescription: typeof description === "string" ? description : undefined,
  });
  return {
    ...record,
    deliveryCount: record.deliveryCount || deliveryCount,
    from: record.from || path,
  };
}
