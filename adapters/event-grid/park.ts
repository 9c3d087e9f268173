import { createHash } from "node:crypto";
import type { Parked, ParkStore } from "../../src/store/index.js";
import {
  fromDeadLetterProperties,
  toDeadLetterProperties,
  type DeadLetterDelivery,
  type DeadLetterRecord,
  type Deadline,
} from "../../src/transport/index.js";
import { askStore } from "./ask-store.js";
import { readEvent, type EventDelivery } from "./event-delivery.js";

/** A listener of a topic. */
export interface Place {
  readonly topic: string;
  readonly listener: string;
}

/**
 * The events that one listener gave up: Event Grid writes its own dead letters to a storage account, without a reason of
 * ours, and cannot show them.
 *
 * One event has one id however often it is parked, and ids are in the order of the events' own times. A redriven event says that
 * it is one, so that it has another id than the dead letter that it was sent from, which is removed meanwhile.
 */
export class ListenerPark {
  readonly #store: ParkStore;
  readonly #place: Place;
  readonly #deadline: Deadline;

  constructor(store: ParkStore, place: Place, deadline: Deadline) {
    this.#store = store;
    this.#place = place;
    this.#deadline = deadline;
  }

  get store(): ParkStore {
    return this.#store;
  }

  /** Its box in the store. */
  get box(): string {
    const { topic, listener } = this.#place;
    return [topic, listener].map((part) => encodeURIComponent(part.toLowerCase())).join("/");
  }

  /** Keeps an event as it came. @throws {WaybillError} `storeFailed` */
  async keep({ native, envelope }: EventDelivery, record: DeadLetterRecord): Promise<void> {
    const { json, deliveryCount } = native;
    const document: Document = {
      format: 1,
      event: json,
      deliveryCount,
      record: toDeadLetterProperties(record),
    };
    const atMs = Date.parse(envelope.time ?? "");
    const time = String(Number.isNaN(atMs) ? 0 : Math.max(0, atMs)).padStart(15, "0");
    const id = `${time}-${createHash("sha256").update(json).digest("hex").slice(0, 32)}`;
    const bytes = Buffer.from(JSON.stringify(document));
    await askStore(this.#deadline, `cannot park an event of "${this.#place.topic}"`, () =>
      this.#store.put(this.box, { id, bytes }),
    );
  }

  /** What a person looks at. */
  read({ id, bytes }: Parked): DeadLetterDelivery {
    const { event, deliveryCount, record } = JSON.parse(Buffer.from(bytes).toString()) as Document;
    const { envelope, defect } = readEvent(event);
    return {
      envelope,
      ...(defect === undefined ? {} : { defect }),
      record: fromDeadLetterProperties(record),
      lane: undefined,
      deliveryCount,
      lockedUntilMs: undefined,
      broker: { messageId: envelope.id, sequenceNumber: id },
      native: { json: event, deliveryCount },
    };
  }
}

/** How an event is parked. */
interface Document {
  readonly format: 1;
  /** Its text. */
  readonly event: string;
  readonly deliveryCount: number;
  readonly record: Readonly<Record<string, string | number>>;
}
