import { fromDeadLetterProperties, type DeadLetterRecord } from "../../src/transport/index.js";
import { namespaceReasons, type DeadLetter } from "./broker/notifier/dead-letter.js";
import { asStored, Letterbox } from "./letterbox.js";
import { readNotification } from "./read-notification.js";

/** What a broker keeps of a listener beside its pull subscription: the notifications that were given up. */
export class ListenerState {
  readonly address: string;
  readonly name: string;
  /** The filter as text, to notice another one. */
  readonly filter: string;
  readonly letters = new Letterbox();
  #record: DeadLetterRecord | undefined;

  constructor(address: string, name: string, filter: string) {
    this.address = address;
    this.name = name;
    this.filter = filter;
  }

  /** Gives up what `reject` rejects for the reason in `record`: the service itself takes no reason. */
  rejecting<T>(record: DeadLetterRecord, reject: () => T): T {
    this.#record = record;
    try {
      return reject();
    } finally {
      this.#record = undefined;
    }
  }

  /** Where the pull subscription puts what it gives up. */
  bury(letter: DeadLetter): undefined {
    const { eventId, eventJson, deliveryAttempts, publishedMs } = letter;
    this.letters.add({
      read: () => readNotification(eventId, eventJson).envelope,
      record: this.#record === undefined ? this.#nativeRecord(letter) : asStored(this.#record),
      broker: { messageId: eventId, enqueuedAtMs: publishedMs },
      deliveryCount: deliveryAttempts,
      native: letter,
    });
  }

  #nativeRecord({ reason, deliveryAttempts }: DeadLetter): DeadLetterRecord {
    const deadLetterReason = reason === namespaceReasons.expired ? "TimeToLiveExceeded" : reason;
    const record = fromDeadLetterProperties({}, { deadLetterReason, deadLetterErrorDescription: reason });
    return { ...record, deliveryCount: deliveryAttempts, from: `${this.address}/${this.name}` };
  }
}
