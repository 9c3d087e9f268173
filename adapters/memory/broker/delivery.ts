import type { Attachment } from "./attachment.js";
import type { Kernel } from "./kernel.js";
import type { BrokerMessage } from "./message.js";
import { never, place, type MessageRecord, type MessageState } from "./record.js";

/** One attempt at handing one message to one receiver. It never turns into another delivery. */
export class Delivery {
  readonly message: BrokerMessage;
  readonly sequenceNumber: number;
  /** Earlier attempts that failed: 0 at first, as on the wire. */
  readonly deliveryCount: number;
  readonly #kernel: Kernel;
  readonly #record: MessageRecord;
  readonly #receiver: Attachment;
  readonly #generation: number;

  constructor(kernel: Kernel, record: MessageRecord, receiver: Attachment) {
    this.message = record.message;
    this.sequenceNumber = record.sequenceNumber;
    this.deliveryCount = record.deliveryCount;
    this.#kernel = kernel;
    this.#record = record;
    this.#receiver = receiver;
    this.#generation = record.lockGeneration;
  }

  get enqueuedTimeMs(): number {
    return this.#kernel.startMs + this.#record.enqueuedMs;
  }

  /** The number that the message had where it was first submitted: in its topic, or before it was activated or moved. */
  get enqueuedSequenceNumber(): number | undefined {
    return this.#record.origin.enqueuedSequenceNumber || undefined;
  }

  /** Undefined when the message does not expire. */
  get expiresAtMs(): number | undefined {
    return this.#record.expiresMs === never ? undefined : this.#kernel.startMs + this.#record.expiresMs;
  }

  get state(): MessageState {
    return this.#record.state;
  }

  /** The entity whose dead-letter queue forwarded the message here. */
  get deadLetterSource(): string | undefined {
    return this.#record.origin.deadLetterSource;
  }

  /** When the lock ends; in a session the session's lock counts. Undefined once the lock is gone. */
  get lockedUntilMs(): number | undefined {
    if (!this.#isLocked()) return undefined;
    return this.#kernel.startMs + (this.#record.lane.session?.lockedUntilMs ?? this.#record.dueMs);
  }

  /** Names the lock to the management door. Made on first use; undefined without a living lock. */
  get lockToken(): string | undefined {
    return this.#isLocked() ? this.#kernel.lockTokens.of(this.#record) : undefined;
  }

  /** The stored message, if this delivery reached `receiver` and still holds its lock. */
  heldBy(receiver: Attachment): MessageRecord | undefined {
    return this.#receiver === receiver && this.#isLocked() && !receiver.closed ? this.#record : undefined;
  }

  #isLocked(): boolean {
    return this.#record.lockGeneration === this.#generation && this.#record.place === place.locked;
  }
}
