import { toAmqp, type Outgoing, type Sender, type SendResult } from "../../src/transport/index.js";
import { batches } from "./batches.js";
import { BrokerError } from "./broker/broker-error.js";
import { standardMessageBytes } from "./broker/entity-options.js";
import type { BrokerMessage } from "./broker/message.js";
import { upperBound } from "./broker/message-size.js";
import { refuseClosed, sendBatches, type BatchDoor, type Spelled } from "./send-batches.js";
import type { World } from "./world.js";

/** Sends to a queue or a topic. */
export class MessageSender implements Sender {
  readonly #world: World;
  readonly #address: string;
  readonly #door: BatchDoor<BrokerMessage>;
  #closed = false;

  constructor(world: World, address: string) {
    this.#world = world;
    this.#address = address;
    this.#door = {
      spell,
      pack,
      submit: (batch) => this.#submit(batch),
      doing: `cannot send to "${address}"`,
    };
  }

  send(messages: readonly Outgoing[]): readonly SendResult[] {
    if (this.#closed) return refuseClosed(messages, this.#door.doing);
    this.#world.clock.catchUp();
    const results = sendBatches(this.#door, messages);
    this.#world.clock.arm();
    return results;
  }

  cancel(scheduleTokens: readonly string[]): readonly boolean[] {
    this.#world.clock.catchUp();
    return scheduleTokens.map((token) => {
      try {
        this.#world.broker.cancelScheduled(this.#address, [Number(token)]);
        return true;
      } catch (error) {
        if (error instanceof BrokerError) return false;
        throw error;
      }
    });
  }

  close(): void {
    this.#closed = true;
  }

  #submit(batch: readonly Spelled<BrokerMessage>[]): readonly (string | undefined)[] {
    const { broker } = this.#world;
    const messages = batch.map(({ message }) => message);
    if (messages[0]?.scheduledEnqueueTimeMs === undefined) {
      broker.send(this.#address, messages);
      return noTokens;
    }
    return broker.schedule(this.#address, messages).map(String);
  }
}

const noTokens: readonly undefined[] = [];

/** Bytes of others are copied, so that what they do to them later does not travel. */
function spell({ envelope, dueMs, ownBody }: Outgoing): BrokerMessage {
  const message: Writable<BrokerMessage> = toAmqp(envelope, spelling);
  if (ownBody !== true) message.body = Buffer.from(envelope.body);
  if (dueMs !== undefined) message.scheduledEnqueueTimeMs = dueMs;
  return message;
}

const spelling = { key: "session" } as const;

type Writable<T> = { -readonly [Field in keyof T]: T[Field] };

const maxBatchMessages = 4_500;

/** Scheduled messages take another operation of the service, so they are never in a batch with others. */
function pack(messages: readonly Spelled<BrokerMessage>[]): readonly (readonly Spelled<BrokerMessage>[])[] {
  const scheduled = messages.filter(({ message }) => message.scheduledEnqueueTimeMs !== undefined);
  if (scheduled.length === 0) return packed(messages);
  const now = messages.filter(({ message }) => message.scheduledEnqueueTimeMs === undefined);
  return [...packed(now), ...packed(scheduled)];
}

/** By a bound of their sizes: to measure every character costs more than to send a batch more. */
const packed = (
  messages: readonly Spelled<BrokerMessage>[],
): readonly (readonly Spelled<BrokerMessage>[])[] =>
  batches(messages, {
    sizeOf: ({ message }) => upperBound(message),
    maxBytes: standardMessageBytes,
    maxCount: maxBatchMessages,
  });
