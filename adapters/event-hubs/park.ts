import type { GroupPlace, Parked, ParkStore } from "../../src/store/index.js";
import {
  fromDeadLetterProperties,
  toDeadLetterProperties,
  type BrokerFacts,
  type DeadLetterDelivery,
  type DeadLetterRecord,
  type Deadline,
  type IncomingAmqpMessage,
} from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import { incomingOf, readMessage, type EventDelivery } from "./event-delivery.js";

/**
 * The parked events of one consumer group: what an event hub, which has no dead-letter queue, cannot keep.
 *
 * An event's id is the same however often it is parked, and ids are in the order in which the hub took the events.
 */
export class GroupPark {
  readonly #store: ParkStore;
  readonly #place: GroupPlace;
  readonly #deadline: Deadline;

  constructor(store: ParkStore, place: GroupPlace, deadline: Deadline) {
    this.#store = store;
    this.#place = place;
    this.#deadline = deadline;
  }

  get store(): ParkStore {
    return this.#store;
  }

  /** Its box in the store. */
  get box(): string {
    const { namespace, stream, group } = this.#place;
    return [namespace, stream, group].map((part) => encodeURIComponent(part.toLowerCase())).join("/");
  }

  /** Keeps an event, as its producer sent it. */
  async keep({ native, broker }: EventDelivery, record: DeadLetterRecord): Promise<void> {
    const document: Document = {
      format: 1,
      message: withPlainProperties(incomingOf(native)),
      record: toDeadLetterProperties(record),
      broker,
    };
    const id = [
      String(broker.enqueuedAtMs ?? 0).padStart(15, "0"),
      (broker.partition ?? "").padStart(4, "0"),
      (broker.sequenceNumber ?? "").padStart(19, "0"),
    ].join("-");
    const bytes = Buffer.from(JSON.stringify(document));
    await askStore(this.#deadline, `cannot park an event of "${this.#place.stream}"`, () =>
      this.#store.put(this.box, { id, bytes }),
    );
  }

  /** What a person looks at. */
  read({ id, bytes }: Parked): DeadLetterDelivery {
    const { message, record, broker } = JSON.parse(Buffer.from(bytes).toString()) as Document;
    return {
      ...readMessage(fromPlain(message), id),
      record: fromDeadLetterProperties(record),
      lane: undefined,
      deliveryCount: 1,
      lockedUntilMs: undefined,
      broker: { ...broker, sequenceNumber: id },
      native: message,
    };
  }
}

/** How an event is parked: its sections, with bytes in base64. */
interface Document {
  readonly format: 1;
  readonly message: PlainMessage;
  readonly record: Readonly<Record<string, string | number>>;
  readonly broker: BrokerFacts;
}

type PlainMessage = Omit<IncomingAmqpMessage, "body" | "messageId" | "correlationId"> & {
  readonly body: string;
  readonly messageId: unknown;
  readonly correlationId: unknown;
};

function withPlainProperties({ body, ...message }: IncomingAmqpMessage): PlainMessage {
  return {
    ...message,
    messageId: plain(message.messageId),
    correlationId: plain(message.correlationId),
    body: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64"),
    applicationProperties: Object.fromEntries(
      Object.entries(message.applicationProperties ?? {}).map(([name, value]) => [name, plain(value)]),
    ),
  };
}

function fromPlain({ body, ...message }: PlainMessage): IncomingAmqpMessage {
  return {
    ...message,
    messageId: restored(message.messageId),
    correlationId: restored(message.correlationId),
    body: Buffer.from(body, "base64"),
    applicationProperties: Object.fromEntries(
      Object.entries(message.applicationProperties ?? {}).map(([name, value]) => [name, restored(value)]),
    ),
  };
}

/** What JSON has no word for: bytes, times and large integers. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { time: value.toISOString() };
  if (typeof value === "bigint") return { integer: String(value) };
  // A map or a described value, which no header can be.
  return typeof value === "object" && value !== null ? JSON.stringify(value) : value;
}

function restored(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { bytes, time, integer } = value as Readonly<Record<string, unknown>>;
  if (typeof bytes === "string") return Buffer.from(bytes, "base64");
  if (typeof time === "string") return new Date(time);
  return typeof integer === "string" ? BigInt(integer) : undefined;
}
