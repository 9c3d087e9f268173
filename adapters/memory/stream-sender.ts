import {
  toAmqp,
  type AmqpMessage,
  type Outgoing,
  type Sender,
  type SendResult,
} from "../../src/transport/index.js";
import { batches } from "./batches.js";
import { batchSizeBytes } from "./broker/stream/event-size.js";
import { refuseClosed, sendBatches, type BatchDoor, type Spelled } from "./send-batches.js";
import type { World } from "./world.js";

/** Sends to a stream. A batch has one key and goes to one partition; without a key the partitions take turns. */
export class StreamSender implements Sender {
  readonly #world: World;
  readonly #door: BatchDoor<AmqpMessage>;
  #closed = false;

  constructor(world: World, hub: string) {
    this.#world = world;
    this.#door = {
      spell,
      pack,
      submit: (batch) => {
        world.streams.publish(
          hub,
          batch.map(({ message }) => message),
        );
        return [];
      },
      doing: `cannot send to "${hub}"`,
    };
  }

  send(messages: readonly Outgoing[]): readonly SendResult[] {
    if (this.#closed) return refuseClosed(messages, this.#door.doing);
    this.#world.clock.catchUp();
    return sendBatches(this.#door, messages);
  }

  close(): void {
    this.#closed = true;
  }
}

/** The bytes are copied, so that what the sender does to them later does not travel. */
function spell({ envelope }: Outgoing): AmqpMessage {
  const message = toAmqp(envelope, { key: "partition" });
  return { ...message, body: Buffer.from(message.body) };
}

/** The limit of one publication of Event Hubs beyond its Basic tier. */
const maxBatchBytes = 1_048_576;

function pack(messages: readonly Spelled<AmqpMessage>[]): readonly (readonly Spelled<AmqpMessage>[])[] {
  const byKey = new Map<string | undefined, Spelled<AmqpMessage>[]>();
  for (const each of messages) {
    const { partitionKey } = each.message;
    const same = byKey.get(partitionKey);
    if (same === undefined) byKey.set(partitionKey, [each]);
    else same.push(each);
  }
  return [...byKey.values()].flatMap((same) =>
    batches(same, {
      sizeOf: ({ message }) => batchSizeBytes([message]),
      maxBytes: maxBatchBytes,
      maxCount: Infinity,
    }),
  );
}
