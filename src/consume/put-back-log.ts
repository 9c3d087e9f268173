import type { DeliveryHistory } from "../message/envelope.js";
import type { Delivery } from "../transport/transport.js";

/**
 * What messages had spent when this process gave them back, for queues that count each delivery and hold messages that
 * cannot carry it: those that others sent. Without it an outage would spend their attempts.
 *
 * Another process does not know it, and counts what the service counts. Notifications have none: their service delivers an
 * event ten times at most and then drops it, so each delivery counts, and an event is parked before that.
 */
export class PutBackLog {
  readonly #histories = new Map<string, DeliveryHistory>();

  note(id: string, history: DeliveryHistory): void {
    this.#histories.delete(id);
    this.#histories.set(id, history);
    const [oldest] = this.#histories.keys();
    if (this.#histories.size > mostRemembered && oldest !== undefined) this.#histories.delete(oldest);
  }

  forget(id: string): void {
    this.#histories.delete(id);
  }

  /** What a delivery carries, or what is remembered of it if that is more. */
  historyOf({ envelope, deliveryCount }: Delivery): DeliveryHistory {
    const carried = envelope.history;
    const remembered = this.#histories.get(envelope.id);
    const { uncounted = 0 } = remembered ?? {};
    // A count that has not risen is that of another copy.
    if (remembered === undefined || deliveryCount <= uncounted || (carried.uncounted ?? 0) >= uncounted)
      return carried;
    return remembered;
  }
}

/** A message that was given back before so many others counts as its service counts. */
const mostRemembered = 10_000;
