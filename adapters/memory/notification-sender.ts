import { toStructuredJson, type Outgoing, type Sender, type SendResult } from "../../src/transport/index.js";
import { batches } from "./batches.js";
import { maxRequestBytes } from "./broker/notifier/accept-events.js";
import { refuseClosed, sendBatches, type BatchDoor } from "./send-batches.js";
import type { World } from "./world.js";

/** Sends to a notifications channel: CloudEvents in structured JSON. */
export class NotificationSender implements Sender {
  readonly #world: World;
  readonly #door: BatchDoor<Buffer>;
  #closed = false;

  constructor(world: World, topic: string) {
    this.#world = world;
    this.#door = {
      spell: ({ envelope }) => Buffer.from(toStructuredJson(envelope)),
      pack: (events) =>
        batches(events, {
          sizeOf: ({ message }) => message.length + separatorBytes,
          maxBytes,
          maxCount: 1_000,
        }),
      submit: (batch) => {
        world.notifier.publishJson(
          topic,
          batch.map(({ message }) => message.toString()),
        );
        return [];
      },
      doing: `cannot send to "${topic}"`,
    };
  }

  send(messages: readonly Outgoing[]): readonly SendResult[] {
    if (this.#closed) return refuseClosed(messages, this.#door.doing);
    this.#world.clock.catchUp();
    const results = sendBatches(this.#door, messages);
    this.#world.clock.arm();
    return results;
  }

  close(): void {
    this.#closed = true;
  }
}

const separatorBytes = 1;
/** A request is a JSON array, whose brackets count. */
const maxBytes = maxRequestBytes - 1;
